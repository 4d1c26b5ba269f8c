import type { INodeProperties } from 'n8n-workflow';

export const leadOperations: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['lead'] } },
		options: [
			{
				name: 'Create',
				value: 'create',
				action: 'Create a lead',
				description: 'Create a lead',
				routing: {
					request: { method: 'POST', url: '/leads' },
				},
			},
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete a lead',
				description: 'Delete a lead; it can be brought back for thirty days',
				routing: {
					request: { method: 'DELETE', url: '=/leads/{{encodeURIComponent($parameter.leadId)}}' },
					output: { postReceive: [{ type: 'set', properties: { value: '={{ { "success": true } }}' } }] },
				},
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get a lead',
				description: 'Retrieve a lead',
				routing: {
					request: { method: 'GET', url: '=/leads/{{encodeURIComponent($parameter.leadId)}}' },
				},
			},
			{
				name: 'Get Many',
				value: 'getAll',
				action: 'Get many leads',
				description: 'Retrieve a list of leads, the newest first',
				routing: {
					request: { method: 'GET', url: '/leads' },
					output: { postReceive: [{ type: 'rootProperty', properties: { property: 'leads' } }] },
				},
			},
			{
				name: 'Update',
				value: 'update',
				action: 'Update a lead',
				description: 'Change a lead; what is not added stays as it is',
				routing: {
					request: { method: 'PATCH', url: '=/leads/{{encodeURIComponent($parameter.leadId)}}' },
				},
			},
		],
		default: 'create',
	},
];

export const leadFields: INodeProperties[] = [
	{
		displayName: 'Lead ID',
		name: 'leadId',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['lead'], operation: ['delete', 'get', 'update'] } },
		description: 'The ID of the lead, as other operations and the trigger give it',
	},
	{
		displayName: 'Name',
		name: 'name',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['lead'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'name' } },
	},
	{
		displayName: 'Additional Fields',
		name: 'additionalFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['lead'], operation: ['create'] } },
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
				displayName: 'Property Address',
				name: 'propertyAddress',
				type: 'string',

				default: '',
				description: 'The home that the person asks about',
				routing: { send: { type: 'body', property: 'propertyAddress' } },
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
		displayOptions: { show: { resource: ['lead'], operation: ['getAll'] } },
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
		displayOptions: { show: { resource: ['lead'], operation: ['getAll'], returnAll: [false] } },
		description: 'Max number of results to return',
		routing: { send: { type: 'query', property: 'limit' } },
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: { show: { resource: ['lead'], operation: ['getAll'] } },
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
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Appointment', value: 'appointment' },
					{ name: 'Archived', value: 'archived' },
					{ name: 'Attempted', value: 'attempted' },
					{ name: 'Client', value: 'client' },
					{ name: 'Contacted', value: 'contacted' },
					{ name: 'Do Not Contact', value: 'do_not_contact' },
					{ name: 'Junk', value: 'junk' },
					{ name: 'New', value: 'new' },
					{ name: 'Nurture', value: 'nurture' },
					{ name: 'Qualified', value: 'qualified' },
				],

				default: 'new',

				routing: { send: { type: 'query', property: 'status' } },
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
		displayOptions: { show: { resource: ['lead'], operation: ['update'] } },
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
				displayName: 'Property Address',
				name: 'propertyAddress',
				type: 'string',

				default: '',
				description: 'The home that the person asks about',
				routing: { send: { type: 'body', property: 'propertyAddress' } },
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
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Appointment', value: 'appointment' },
					{ name: 'Archived', value: 'archived' },
					{ name: 'Attempted', value: 'attempted' },
					{ name: 'Client', value: 'client' },
					{ name: 'Contacted', value: 'contacted' },
					{ name: 'Do Not Contact', value: 'do_not_contact' },
					{ name: 'Junk', value: 'junk' },
					{ name: 'New', value: 'new' },
					{ name: 'Nurture', value: 'nurture' },
					{ name: 'Qualified', value: 'qualified' },
				],

				default: 'new',

				routing: { send: { type: 'body', property: 'status' } },
			},
		],
	},
];
