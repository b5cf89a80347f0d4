// Turns each Website into a ConfigMap and a Deployment, and tells in its status how many replicas are ready.
import { CustomObjectsApi, KubeConfig, KubernetesObjectApi, PatchStrategy, makeInformer, AppsV1Api, setHeaderOptions } from '@kubernetes/client-node';

const group = 'samples.example.com';
const version = 'v1';
const plural = 'websites';
const manager = 'website-operator';

const config = new KubeConfig();
config.loadFromDefault();
const objects = KubernetesObjectApi.makeApiClient(config);
const custom = config.makeApiClient(CustomObjectsApi);
const apps = config.makeApiClient(AppsV1Api);

const websites = new Map();
const deployments = new Map();
const keyOf = (object) => `${object.metadata.namespace}/${object.metadata.name}`;

/** What the cluster shall have for a website. Pure. */
function desired(website) {
    const { name, namespace, uid } = website.metadata;
    const metadata = {
        name,
        namespace,
        labels: { 'app.kubernetes.io/managed-by': manager },
        ownerReferences: [{ apiVersion: `${group}/${version}`, kind: 'Website', name, uid, controller: true, blockOwnerDeletion: true }],
    };
    const page = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'index.html': website.spec.html } };
    const server = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
            replicas: website.spec.replicas,
            selector: { matchLabels: { website: name } },
            template: {
                metadata: { labels: { website: name } },
                spec: {
                    containers: [{
                        name: 'httpd',
                        image: 'busybox:latest',
                        imagePullPolicy: 'IfNotPresent',
                        command: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'],
                        ports: [{ containerPort: 8080 }],
                        volumeMounts: [{ name: 'page', mountPath: '/www' }],
                    }],
                    volumes: [{ name: 'page', configMap: { name } }],
                },
            },
        },
    };
    return [page, server];
}

async function reconcile(key) {
    const website = websites.get(key);
    if (!website || website.metadata.deletionTimestamp) return;
    for (const object of desired(website)) await objects.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
    const status = { readyReplicas: deployments.get(key)?.status?.readyReplicas ?? 0, observedGeneration: website.metadata.generation };
    if (JSON.stringify(status) === JSON.stringify({ readyReplicas: website.status?.readyReplicas, observedGeneration: website.status?.observedGeneration })) return;
    const { name, namespace } = website.metadata;
    await custom.patchNamespacedCustomObjectStatus(
        { group, version, namespace, plural, name, body: { status }, fieldManager: manager }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
    console.log(`${key}: ${status.readyReplicas} of ${website.spec.replicas} ready`);
}

// One reconcile of an object at a time, and one more when something changed meanwhile.
const running = new Map();
function trigger(key) {
    if (running.has(key)) {
        running.set(key, true);
        return;
    }
    running.set(key, false);
    reconcile(key)
        .catch((error) => {
            if (error.code === 404) return;
            console.error(`${key}: ${error.message}`);
            setTimeout(() => trigger(key), 1000);
        })
        .finally(() => {
            const again = running.get(key);
            running.delete(key);
            if (again) trigger(key);
        });
}

function follow(path, list, into) {
    const informer = makeInformer(config, path, list);
    const set = (object) => {
        into.set(keyOf(object), object);
        trigger(keyOf(object));
    };
    informer.on('add', set);
    informer.on('update', set);
    informer.on('delete', (object) => {
        into.delete(keyOf(object));
        trigger(keyOf(object));
    });
    informer.on('error', (error) => {
        console.error(`watching ${path}: ${error.message}`);
        setTimeout(() => informer.start(), 1000);
    });
    return informer.start();
}

await follow(`/apis/${group}/${version}/${plural}`, () => custom.listClusterCustomObject({ group, version, plural }), websites);
await follow('/apis/apps/v1/deployments', () => apps.listDeploymentForAllNamespaces(), deployments);
console.log('Watching websites.');
