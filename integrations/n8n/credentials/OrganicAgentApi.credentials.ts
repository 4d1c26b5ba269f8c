import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

/** The address of an installation and a key of an agent there. */
export class OrganicAgentApi implements ICredentialType {
	name = 'organicAgentApi';

	displayName = 'OrganicAgent API';

	documentationUrl = 'https://organicagent.io/docs';

	properties: INodeProperties[] = [
		{
			displayName: 'OrganicAgent Address',
			name: 'baseUrl',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'https://crm.example.com',
			description: 'Where you open your dashboard, up to the first slash',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'Made in the dashboard under Settings → API, with the scopes read and write',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			headers: {
				'X-API-Key': '={{$credentials.apiKey}}',
			},
		},
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.baseUrl.trim().replace(/\\/+$/, "")}}',
			url: '/api/v1/me',
		},
	};
}
