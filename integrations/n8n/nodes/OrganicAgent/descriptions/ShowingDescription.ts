import type { INodeProperties } from 'n8n-workflow';

export const showingOperations: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['showing'] } },
		options: [
			{
				name: 'Create',
				value: 'create',
				action: 'Create a showing',
				description: 'Create a showing',
				routing: {
					request: { method: 'POST', url: '/showings' },
				},
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get a showing',
				description: 'Retrieve a showing',
				routing: {
					request: { method: 'GET', url: '=/showings/{{encodeURIComponent($parameter.showingId)}}' },
				},
			},
			{
				name: 'Get Many',
				value: 'getAll',
				action: 'Get many showings',
				description: 'Retrieve a list of showings, the newest first',
				routing: {
					request: { method: 'GET', url: '/showings' },
					output: { postReceive: [{ type: 'rootProperty', properties: { property: 'showings' } }] },
				},
			},
			{
				name: 'Update',
				value: 'update',
				action: 'Update a showing',
				description: 'Change a showing; what is not added stays as it is',
				routing: {
					request: { method: 'PATCH', url: '=/showings/{{encodeURIComponent($parameter.showingId)}}' },
				},
			},
		],
		default: 'create',
	},
];

export const showingFields: INodeProperties[] = [
	{
		displayName: 'Showing ID',
		name: 'showingId',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['showing'], operation: ['get', 'update'] } },
		description: 'The ID of the showing, as other operations and the trigger give it',
	},
	{
		displayName: 'Client Name or ID',
		name: 'clientId',
		type: 'options',
		typeOptions: {
			loadOptions: {
				routing: {
					request: { method: 'GET', url: '/clients' },
					output: {
						postReceive: [
							{ type: 'rootProperty', properties: { property: 'clients' } },
							{
								type: 'setKeyValue',
								properties: {
									name: '={{$responseItem.name + " (" + $responseItem.email + ")"}}',
									value: '={{$responseItem.id}}',
								},
							},
						],
					},
				},
			},
		},
		required: true,
		default: '',
		displayOptions: { show: { resource: ['showing'], operation: ['create'] } },
		description:
			'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
		routing: { send: { type: 'body', property: 'clientId' } },
	},
	{
		displayName: 'Listing Name or ID',
		name: 'listingId',
		type: 'options',
		typeOptions: {
			loadOptions: {
				routing: {
					request: { method: 'GET', url: '/listings?status=all' },
					output: {
						postReceive: [
							{ type: 'rootProperty', properties: { property: 'listings' } },
							{
								type: 'setKeyValue',
								properties: {
									name: '={{$responseItem.address + " (" + $responseItem.status + ")"}}',
									value: '={{$responseItem.id}}',
								},
							},
						],
					},
				},
			},
		},
		required: true,
		default: '',
		displayOptions: { show: { resource: ['showing'], operation: ['create'] } },
		description:
			'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
		routing: { send: { type: 'body', property: 'listingId' } },
	},
	{
		displayName: 'Times',
		name: 'requestedTimes',
		type: 'string',
		required: true,
		default: '',
		placeholder: '2026-11-28T15:00:00Z, 2026-11-29T17:30:00Z',
		displayOptions: { show: { resource: ['showing'], operation: ['create'] } },
		description: 'One to three times to come, with commas between them',
		routing: {
			send: { type: 'body', property: 'requestedTimes', value: '={{ $value.split(",").map((time) => time.trim()) }}' },
		},
	},
	{
		displayName: 'Additional Fields',
		name: 'additionalFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['showing'], operation: ['create'] } },
		options: [
			{
				displayName: 'Notes',
				name: 'notes',
				type: 'string',
				typeOptions: { rows: 4 },

				default: '',

				routing: { send: { type: 'body', property: 'notes' } },
			},
			{
				displayName: 'Outside Your Hours Too',
				name: 'override',
				type: 'boolean',

				default: false,
				description: 'Whether times are accepted at which the home is not shown',
				routing: { send: { type: 'body', property: 'override' } },
			},
		],
	},
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: { show: { resource: ['showing'], operation: ['getAll'] } },
		description: 'Whether to return all results or only up to a given limit',
		routing: {
			send: { paginate: '={{$value}}', type: 'query', property: 'limit', value: '={{$value ? 100 : undefined}}' },
			operations: {
				pagination: {
					type: 'generic',
					properties: {
						continue: '={{!!$response.body.nextCursor}}',
						request: { qs: { cursor: '={{$response.body.nextCursor}}' } },
					},
				},
			},
		},
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		displayOptions: { show: { resource: ['showing'], operation: ['getAll'], returnAll: [false] } },
		description: 'Max number of results to return',
		routing: { send: { type: 'query', property: 'limit' } },
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: { show: { resource: ['showing'], operation: ['getAll'] } },
		options: [
			{
				displayName: 'Client Name or ID',
				name: 'clientId',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/clients' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'clients' } },
									{
										type: 'setKeyValue',
										properties: {
											name: '={{$responseItem.name + " (" + $responseItem.email + ")"}}',
											value: '={{$responseItem.id}}',
										},
									},
								],
							},
						},
					},
				},

				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				routing: { send: { type: 'query', property: 'clientId' } },
			},
			{
				displayName: 'Created Since',
				name: 'since',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'query', property: 'since' } },
			},
			{
				displayName: 'Listing Name or ID',
				name: 'listingId',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/listings?status=all' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'listings' } },
									{
										type: 'setKeyValue',
										properties: {
											name: '={{$responseItem.address + " (" + $responseItem.status + ")"}}',
											value: '={{$responseItem.id}}',
										},
									},
								],
							},
						},
					},
				},

				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				routing: { send: { type: 'query', property: 'listingId' } },
			},
			{
				displayName: 'Order',
				name: 'sort',
				type: 'options',
				options: [
					{ name: 'Last Changed First', value: '-updatedAt' },
					{ name: 'Newest First', value: '-createdAt' },
					{ name: 'Oldest First', value: 'createdAt' },
				],

				default: '-createdAt',

				routing: { send: { type: 'query', property: 'sort' } },
			},
			{
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Cancelled', value: 'cancelled' },
					{ name: 'Completed', value: 'completed' },
					{ name: 'Confirmed', value: 'confirmed' },
					{ name: 'Declined', value: 'declined' },
					{ name: 'Requested', value: 'requested' },
				],

				default: 'requested',

				routing: { send: { type: 'query', property: 'status' } },
			},
			{
				displayName: 'Updated Since',
				name: 'updatedSince',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'query', property: 'updatedSince' } },
			},
		],
	},
	{
		displayName: 'Update Fields',
		name: 'updateFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['showing'], operation: ['update'] } },
		options: [
			{
				displayName: 'Confirmed Time',
				name: 'confirmedTime',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'body', property: 'confirmedTime' } },
			},
			{
				displayName: 'Notes',
				name: 'notes',
				type: 'string',
				typeOptions: { rows: 4 },

				default: '',

				routing: { send: { type: 'body', property: 'notes' } },
			},
			{
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Cancelled', value: 'cancelled' },
					{ name: 'Completed', value: 'completed' },
					{ name: 'Confirmed', value: 'confirmed' },
					{ name: 'Declined', value: 'declined' },
					{ name: 'Requested', value: 'requested' },
				],

				default: 'confirmed',

				routing: { send: { type: 'body', property: 'status' } },
			},
		],
	},
];
