import type { INodeProperties } from 'n8n-workflow';

export const clientOperations: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['client'] } },
		options: [
			{
				name: 'Create',
				value: 'create',
				action: 'Create a client',
				description: 'Create a client',
				routing: {
					request: { method: 'POST', url: '/clients' },
				},
			},
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete a client',
				description: 'Delete a client; it can be brought back for thirty days',
				routing: {
					request: { method: 'DELETE', url: '=/clients/{{encodeURIComponent($parameter.clientId)}}' },
					output: { postReceive: [{ type: 'set', properties: { value: '={{ { "success": true } }}' } }] },
				},
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get a client',
				description: 'Retrieve a client',
				routing: {
					request: { method: 'GET', url: '=/clients/{{encodeURIComponent($parameter.clientId)}}' },
				},
			},
			{
				name: 'Get Many',
				value: 'getAll',
				action: 'Get many clients',
				description: 'Retrieve a list of clients, the newest first',
				routing: {
					request: { method: 'GET', url: '/clients' },
					output: { postReceive: [{ type: 'rootProperty', properties: { property: 'clients' } }] },
				},
			},
			{
				name: 'Update',
				value: 'update',
				action: 'Update a client',
				description: 'Change a client; what is not added stays as it is',
				routing: {
					request: { method: 'PATCH', url: '=/clients/{{encodeURIComponent($parameter.clientId)}}' },
				},
			},
		],
		default: 'create',
	},
];

export const clientFields: INodeProperties[] = [
	{
		displayName: 'Client ID',
		name: 'clientId',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['client'], operation: ['delete', 'get', 'update'] } },
		description: 'The ID of the client, as other operations and the trigger give it',
	},
	{
		displayName: 'Name',
		name: 'name',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['client'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'name' } },
	},
	{
		displayName: 'Email',
		name: 'email',
		type: 'string',
		placeholder: 'name@email.com',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['client'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'email' } },
	},
	{
		displayName: 'Additional Fields',
		name: 'additionalFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['client'], operation: ['create'] } },
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
				displayName: 'Phone',
				name: 'phone',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'phone' } },
			},
			{
				displayName: 'Source Name or ID',
				name: 'source',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/sources' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'sources' } },
									{
										type: 'setKeyValue',
										properties: { name: '={{$responseItem.name}}', value: '={{$responseItem.id}}' },
									},
								],
							},
						},
					},
				},

				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				routing: { send: { type: 'body', property: 'source' } },
			},
		],
	},
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: { show: { resource: ['client'], operation: ['getAll'] } },
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
		displayOptions: { show: { resource: ['client'], operation: ['getAll'], returnAll: [false] } },
		description: 'Max number of results to return',
		routing: { send: { type: 'query', property: 'limit' } },
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: { show: { resource: ['client'], operation: ['getAll'] } },
		options: [
			{
				displayName: 'Created Since',
				name: 'since',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'query', property: 'since' } },
			},
			{
				displayName: 'Email',
				name: 'email',
				type: 'string',
				placeholder: 'name@email.com',

				default: '',

				routing: { send: { type: 'query', property: 'email' } },
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
				displayName: 'Phone',
				name: 'phone',
				type: 'string',

				default: '',
				description: 'However it is written',
				routing: { send: { type: 'query', property: 'phone' } },
			},
			{
				displayName: 'Source Name or ID',
				name: 'source',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/sources' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'sources' } },
									{
										type: 'setKeyValue',
										properties: { name: '={{$responseItem.name}}', value: '={{$responseItem.id}}' },
									},
								],
							},
						},
					},
				},

				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				routing: { send: { type: 'query', property: 'source' } },
			},
			{
				displayName: 'Updated Since',
				name: 'updatedSince',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'query', property: 'updatedSince' } },
			},
			{
				displayName: 'Words',
				name: 'q',
				type: 'string',

				default: '',
				description: 'Beginnings of words of the record',
				routing: { send: { type: 'query', property: 'q' } },
			},
		],
	},
	{
		displayName: 'Update Fields',
		name: 'updateFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['client'], operation: ['update'] } },
		options: [
			{
				displayName: 'Email',
				name: 'email',
				type: 'string',
				placeholder: 'name@email.com',

				default: '',

				routing: { send: { type: 'body', property: 'email' } },
			},
			{
				displayName: 'Name',
				name: 'name',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'name' } },
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
				displayName: 'Phone',
				name: 'phone',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'phone' } },
			},
			{
				displayName: 'Source Name or ID',
				name: 'source',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/sources' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'sources' } },
									{
										type: 'setKeyValue',
										properties: { name: '={{$responseItem.name}}', value: '={{$responseItem.id}}' },
									},
								],
							},
						},
					},
				},

				default: '',
				description:
					'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
				routing: { send: { type: 'body', property: 'source' } },
			},
			{
				displayName: 'Stage Name or ID',
				name: 'buyingStage',
				type: 'options',
				typeOptions: {
					loadOptions: {
						routing: {
							request: { method: 'GET', url: '/stages' },
							output: {
								postReceive: [
									{ type: 'rootProperty', properties: { property: 'stages' } },
									{
										type: 'setKeyValue',
										properties: {
											name: '={{$responseItem.pipeline + ": " + $responseItem.name}}',
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
				routing: { send: { type: 'body', property: 'buyingStage' } },
			},
		],
	},
];
