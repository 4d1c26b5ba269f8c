import { createHmac, timingSafeEqual } from 'node:crypto';

import type {
	IDataObject,
	IHookFunctions,
	IHttpRequestMethods,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';

/** Whether a request is signed as published, over the bytes as they came. */
function isGenuine(rawBody: Buffer, timestamp: string, signature: string, secret: string): boolean {
	const mark = rawBody.indexOf('"data":');
	const end = rawBody.lastIndexOf('}');
	if (!secret || mark < 0 || end < mark) return false;
	const expected = Buffer.from(
		createHmac('sha256', secret)
			.update(rawBody.subarray(mark + 7, end))
			.update(timestamp)
			.digest('hex'),
	);
	const given = Buffer.from(signature);
	return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A call of the API with the credential of the node. */
async function call(
	context: IHookFunctions,
	method: IHttpRequestMethods,
	route: string,
	body?: IDataObject,
): Promise<IDataObject> {
	const { baseUrl } = await context.getCredentials('organicAgentApi');
	const answer = await context.helpers.httpRequestWithAuthentication.call(context, 'organicAgentApi', {
		method,
		url: `${String(baseUrl).trim().replace(/\/+$/, '')}/api/v1${route}`,
		body,
		json: true,
	});
	return (answer ?? {}) as IDataObject;
}

/** Whether an error says that there is no such record. */
function isNotFound(error: unknown): boolean {
	const { httpCode, response, statusCode } = error as {
		httpCode?: string;
		response?: { status?: number };
		statusCode?: number;
	};
	return httpCode === '404' || response?.status === 404 || statusCode === 404;
}

/** Starts a workflow when something happens. */
export class OrganicAgentTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OrganicAgent Trigger',
		name: 'organicAgentTrigger',
		icon: { light: 'file:organicagent.svg', dark: 'file:organicagent.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{$parameter["events"].join(", ")}}',
		description: 'Starts the workflow when a lead, client or listing is new, a showing is requested or a stage changes',
		defaults: {
			name: 'OrganicAgent Trigger',
		},
		inputs: [],
		outputs: ['main'],
		credentials: [
			{
				name: 'organicAgentApi',
				required: true,
			},
		],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				path: 'webhook',
			},
		],
		properties: [
			{
				displayName: 'Events',
				name: 'events',
				type: 'multiOptions',
				required: true,
				default: ['lead.created'],
				options: [
					{ name: 'Client Changed Stage', value: 'client.stage_changed' },
					{ name: 'New Client', value: 'client.created' },
					{ name: 'New Lead', value: 'lead.created' },
					{ name: 'New Listing', value: 'listing.created' },
					{ name: 'Showing Requested', value: 'showing.requested' },
				],
			},
		],
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				const kept = this.getWorkflowStaticData('node');
				if (!kept.webhookId || !kept.secret) return false;
				try {
					const webhook = await call(this, 'GET', `/webhooks/${kept.webhookId as string}`);
					const events = [...(this.getNodeParameter('events') as string[])].sort();
					const isSame =
						webhook.url === this.getNodeWebhookUrl('default') &&
						String([...(webhook.events as string[])].sort()) === String(events);
					if (isSame) return true;
					// Made for other events or another address: it is replaced.
					await call(this, 'DELETE', `/webhooks/${kept.webhookId as string}`);
				} catch (error) {
					if (!isNotFound(error)) throw error;
				}
				delete kept.webhookId;
				delete kept.secret;
				return false;
			},

			async create(this: IHookFunctions): Promise<boolean> {
				const webhook = await call(this, 'POST', '/webhooks', {
					url: this.getNodeWebhookUrl('default'),
					events: this.getNodeParameter('events') as string[],
					description: `n8n: ${this.getWorkflow().name ?? 'workflow'}`.slice(0, 500),
				});
				const kept = this.getWorkflowStaticData('node');
				kept.webhookId = webhook.id as string;
				kept.secret = webhook.secret as string;
				return true;
			},

			async delete(this: IHookFunctions): Promise<boolean> {
				const kept = this.getWorkflowStaticData('node');
				if (!kept.webhookId) return true;
				try {
					await call(this, 'DELETE', `/webhooks/${kept.webhookId as string}`);
				} catch (error) {
					// Deleted in the dashboard already: that is what was wanted.
					if (!isNotFound(error)) return false;
				}
				delete kept.webhookId;
				delete kept.secret;
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const request = this.getRequestObject();
		const headers = this.getHeaderData() as Record<string, string | undefined>;
		const { secret } = this.getWorkflowStaticData('node') as { secret?: string };
		const timestamp = headers['x-organicagent-timestamp'] ?? '';
		const signature = headers['x-organicagent-signature'] ?? '';
		if (!request.rawBody || !isGenuine(request.rawBody, timestamp, signature, secret ?? '')) {
			this.getResponseObject().status(401).send('not signed by this OrganicAgent').end();
			return { noWebhookResponse: true };
		}
		const { event, timestamp: happenedAt, agentId, data } = this.getBodyData();
		const item: IDataObject = { event, timestamp: happenedAt, agentId, eventId: headers['webhook-id'], data };
		return { workflowData: [this.helpers.returnJsonArray([item])] };
	}
}
