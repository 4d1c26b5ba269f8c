import type { INodeType, INodeTypeDescription } from 'n8n-workflow';

import { clientFields, clientOperations } from './descriptions/ClientDescription';
import { leadFields, leadOperations } from './descriptions/LeadDescription';
import { listingFields, listingOperations } from './descriptions/ListingDescription';
import { noteFields, noteOperations } from './descriptions/NoteDescription';
import { showingFields, showingOperations } from './descriptions/ShowingDescription';

/** What a workflow can do with an agent's records. */
export class OrganicAgent implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OrganicAgent',
		name: 'organicAgent',
		icon: { light: 'file:organicagent.svg', dark: 'file:organicagent.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"] + ": " + $parameter["resource"]}}',
		description: 'Works with the leads, clients, listings and showings of a real-estate agent',
		defaults: {
			name: 'OrganicAgent',
		},
		usableAsTool: true,
		inputs: ['main'],
		outputs: ['main'],
		credentials: [
			{
				name: 'organicAgentApi',
				required: true,
			},
		],
		requestDefaults: {
			baseURL: '={{$credentials.baseUrl.trim().replace(/\\/+$/, "")}}/api/v1',
			headers: {
				Accept: 'application/json',
				'Content-Type': 'application/json',
			},
		},
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				options: [
					{ name: 'Client', value: 'client' },
					{ name: 'Lead', value: 'lead' },
					{ name: 'Listing', value: 'listing' },
					{ name: 'Note', value: 'note' },
					{ name: 'Showing', value: 'showing' },
				],
				default: 'lead',
			},
			...clientOperations,
			...clientFields,
			...leadOperations,
			...leadFields,
			...listingOperations,
			...listingFields,
			...noteOperations,
			...noteFields,
			...showingOperations,
			...showingFields,
		],
	};
}
