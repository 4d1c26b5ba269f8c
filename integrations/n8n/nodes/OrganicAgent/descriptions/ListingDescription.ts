import type { INodeProperties } from 'n8n-workflow';

export const listingOperations: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['listing'] } },
		options: [
			{
				name: 'Create',
				value: 'create',
				action: 'Create a listing',
				description: 'Create a listing',
				routing: {
					request: { method: 'POST', url: '/listings' },
				},
			},
			{
				name: 'Delete',
				value: 'delete',
				action: 'Delete a listing',
				description: 'Delete a listing; it can be brought back for thirty days',
				routing: {
					request: { method: 'DELETE', url: '=/listings/{{encodeURIComponent($parameter.listingId)}}' },
					output: { postReceive: [{ type: 'set', properties: { value: '={{ { "success": true } }}' } }] },
				},
			},
			{
				name: 'Get',
				value: 'get',
				action: 'Get a listing',
				description: 'Retrieve a listing',
				routing: {
					request: { method: 'GET', url: '=/listings/{{encodeURIComponent($parameter.listingId)}}' },
				},
			},
			{
				name: 'Get Many',
				value: 'getAll',
				action: 'Get many listings',
				description: 'Retrieve a list of listings, the newest first',
				routing: {
					request: { method: 'GET', url: '/listings' },
					output: { postReceive: [{ type: 'rootProperty', properties: { property: 'listings' } }] },
				},
			},
			{
				name: 'Update',
				value: 'update',
				action: 'Update a listing',
				description: 'Change a listing; what is not added stays as it is',
				routing: {
					request: { method: 'PATCH', url: '=/listings/{{encodeURIComponent($parameter.listingId)}}' },
				},
			},
		],
		default: 'create',
	},
];

export const listingFields: INodeProperties[] = [
	{
		displayName: 'Listing ID',
		name: 'listingId',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['listing'], operation: ['delete', 'get', 'update'] } },
		description: 'The ID of the listing, as other operations and the trigger give it',
	},
	{
		displayName: 'Address',
		name: 'address',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['listing'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'address' } },
	},
	{
		displayName: 'Price',
		name: 'price',
		type: 'number',
		typeOptions: { numberPrecision: 2 },
		required: true,
		default: 0,
		displayOptions: { show: { resource: ['listing'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'price' } },
	},
	{
		displayName: 'Additional Fields',
		name: 'additionalFields',
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions: { show: { resource: ['listing'], operation: ['create'] } },
		options: [
			{
				displayName: 'Bathrooms',
				name: 'bathrooms',
				type: 'number',
				typeOptions: { numberPrecision: 2 },

				default: 0,
				description: 'In quarters, such as 2.5',
				routing: { send: { type: 'body', property: 'bathrooms' } },
			},
			{
				displayName: 'Bedrooms',
				name: 'bedrooms',
				type: 'number',

				default: 0,

				routing: { send: { type: 'body', property: 'bedrooms' } },
			},
			{
				displayName: 'City',
				name: 'city',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'city' } },
			},
			{
				displayName: 'Currency',
				name: 'currency',
				type: 'string',

				default: 'USD',
				description: 'Three letters',
				routing: { send: { type: 'body', property: 'currency' } },
			},
			{
				displayName: 'Description',
				name: 'description',
				type: 'string',
				typeOptions: { rows: 4 },

				default: '',

				routing: { send: { type: 'body', property: 'description' } },
			},
			{
				displayName: 'Has a Pool',
				name: 'hasPool',
				type: 'boolean',

				default: false,
				description: 'Whether there is a pool',
				routing: { send: { type: 'body', property: 'hasPool' } },
			},
			{
				displayName: 'MLS Number',
				name: 'mlsNumber',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'mlsNumber' } },
			},
			{
				displayName: 'Postal Code',
				name: 'postalCode',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'postalCode' } },
			},
			{
				displayName: 'Square Feet',
				name: 'sqft',
				type: 'number',

				default: 0,

				routing: { send: { type: 'body', property: 'sqft' } },
			},
			{
				displayName: 'State or Province',
				name: 'stateOrProvince',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'stateOrProvince' } },
			},
			{
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Active', value: 'active' },
					{ name: 'Active Under Contract', value: 'active_under_contract' },
					{ name: 'Canceled', value: 'canceled' },
					{ name: 'Closed', value: 'closed' },
					{ name: 'Coming Soon', value: 'coming_soon' },
					{ name: 'Draft', value: 'draft' },
					{ name: 'Expired', value: 'expired' },
					{ name: 'Hold', value: 'hold' },
					{ name: 'Pending', value: 'pending' },
					{ name: 'Withdrawn', value: 'withdrawn' },
				],

				default: 'active',

				routing: { send: { type: 'body', property: 'status' } },
			},
			{
				displayName: 'Year Built',
				name: 'yearBuilt',
				type: 'number',

				default: 2000,

				routing: { send: { type: 'body', property: 'yearBuilt' } },
			},
		],
	},
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		displayOptions: { show: { resource: ['listing'], operation: ['getAll'] } },
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
		displayOptions: { show: { resource: ['listing'], operation: ['getAll'], returnAll: [false] } },
		description: 'Max number of results to return',
		routing: { send: { type: 'query', property: 'limit' } },
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add Filter',
		default: {},
		displayOptions: { show: { resource: ['listing'], operation: ['getAll'] } },
		options: [
			{
				displayName: 'Created Since',
				name: 'since',
				type: 'dateTime',

				default: '',

				routing: { send: { type: 'query', property: 'since' } },
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
					{ name: 'Active', value: 'active' },
					{ name: 'Active Under Contract', value: 'active_under_contract' },
					{ name: 'All', value: 'all' },
					{ name: 'Canceled', value: 'canceled' },
					{ name: 'Closed', value: 'closed' },
					{ name: 'Coming Soon', value: 'coming_soon' },
					{ name: 'Draft', value: 'draft' },
					{ name: 'Expired', value: 'expired' },
					{ name: 'Hold', value: 'hold' },
					{ name: 'Pending', value: 'pending' },
					{ name: 'Withdrawn', value: 'withdrawn' },
				],

				default: 'active',

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
		displayOptions: { show: { resource: ['listing'], operation: ['update'] } },
		options: [
			{
				displayName: 'Address',
				name: 'address',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'address' } },
			},
			{
				displayName: 'Bathrooms',
				name: 'bathrooms',
				type: 'number',
				typeOptions: { numberPrecision: 2 },

				default: 0,
				description: 'In quarters, such as 2.5',
				routing: { send: { type: 'body', property: 'bathrooms' } },
			},
			{
				displayName: 'Bedrooms',
				name: 'bedrooms',
				type: 'number',

				default: 0,

				routing: { send: { type: 'body', property: 'bedrooms' } },
			},
			{
				displayName: 'City',
				name: 'city',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'city' } },
			},
			{
				displayName: 'Currency',
				name: 'currency',
				type: 'string',

				default: 'USD',
				description: 'Three letters',
				routing: { send: { type: 'body', property: 'currency' } },
			},
			{
				displayName: 'Description',
				name: 'description',
				type: 'string',
				typeOptions: { rows: 4 },

				default: '',

				routing: { send: { type: 'body', property: 'description' } },
			},
			{
				displayName: 'Has a Pool',
				name: 'hasPool',
				type: 'boolean',

				default: false,
				description: 'Whether there is a pool',
				routing: { send: { type: 'body', property: 'hasPool' } },
			},
			{
				displayName: 'MLS Number',
				name: 'mlsNumber',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'mlsNumber' } },
			},
			{
				displayName: 'Postal Code',
				name: 'postalCode',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'postalCode' } },
			},
			{
				displayName: 'Price',
				name: 'price',
				type: 'number',
				typeOptions: { numberPrecision: 2 },

				default: 0,

				routing: { send: { type: 'body', property: 'price' } },
			},
			{
				displayName: 'Square Feet',
				name: 'sqft',
				type: 'number',

				default: 0,

				routing: { send: { type: 'body', property: 'sqft' } },
			},
			{
				displayName: 'State or Province',
				name: 'stateOrProvince',
				type: 'string',

				default: '',

				routing: { send: { type: 'body', property: 'stateOrProvince' } },
			},
			{
				displayName: 'Status',
				name: 'status',
				type: 'options',
				options: [
					{ name: 'Active', value: 'active' },
					{ name: 'Active Under Contract', value: 'active_under_contract' },
					{ name: 'Canceled', value: 'canceled' },
					{ name: 'Closed', value: 'closed' },
					{ name: 'Coming Soon', value: 'coming_soon' },
					{ name: 'Draft', value: 'draft' },
					{ name: 'Expired', value: 'expired' },
					{ name: 'Hold', value: 'hold' },
					{ name: 'Pending', value: 'pending' },
					{ name: 'Withdrawn', value: 'withdrawn' },
				],

				default: 'active',

				routing: { send: { type: 'body', property: 'status' } },
			},
			{
				displayName: 'Year Built',
				name: 'yearBuilt',
				type: 'number',

				default: 2000,

				routing: { send: { type: 'body', property: 'yearBuilt' } },
			},
		],
	},
];
