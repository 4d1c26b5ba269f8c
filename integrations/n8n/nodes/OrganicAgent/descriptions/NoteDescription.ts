import type { INodeProperties } from 'n8n-workflow';

export const noteOperations: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['note'] } },
		options: [
			{
				name: 'Create',
				value: 'create',
				action: 'Create a note',
				description: 'Write a note',
				routing: {
					request: { method: 'POST', url: '=/{{$parameter.noteOf}}/{{encodeURIComponent($parameter.recordId)}}/notes' },
				},
			},
			{
				name: 'Get Many',
				value: 'getAll',
				action: 'Get many notes',
				description: 'Retrieve the notes of a record, the newest first',
				routing: {
					request: { method: 'GET', url: '=/{{$parameter.noteOf}}/{{encodeURIComponent($parameter.recordId)}}/notes' },
					output: { postReceive: [{ type: 'rootProperty', properties: { property: 'notes' } }] },
				},
			},
		],
		default: 'create',
	},
];

export const noteFields: INodeProperties[] = [
	{
		displayName: 'Of',
		name: 'noteOf',
		type: 'options',
		options: [
			{ name: 'Client', value: 'clients' },
			{ name: 'Lead', value: 'leads' },
		],
		default: 'leads',
		displayOptions: { show: { resource: ['note'] } },
	},
	{
		displayName: 'Record ID',
		name: 'recordId',
		type: 'string',
		required: true,
		default: '',
		displayOptions: { show: { resource: ['note'] } },
		description: 'The ID of the lead or client',
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 4 },
		required: true,
		default: '',
		displayOptions: { show: { resource: ['note'], operation: ['create'] } },

		routing: { send: { type: 'body', property: 'text' } },
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		displayOptions: { show: { resource: ['note'], operation: ['getAll'] } },
		description: 'Max number of results to return',
		routing: { send: { type: 'query', property: 'limit' } },
	},
];
