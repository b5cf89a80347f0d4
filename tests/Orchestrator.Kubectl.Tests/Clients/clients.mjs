// Drives the API as programs written with @kubernetes/client-node do; prints one line per behaviour that was seen.
import { createRequire } from 'node:module';
import { PassThrough, Writable, Readable } from 'node:stream';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const home = process.env.CLIENT_HOME ?? process.cwd();
const require = createRequire(path.join(home, 'here.js'));
const k8s = await import(pathToFileURL(require.resolve('@kubernetes/client-node')).href);
const ns = process.argv[2] ?? 'default';
const modes = new Set((process.argv[3] ?? '').split(','));
const forgetful = modes.has('forgetful');
const kc = new k8s.KubeConfig();
if (modes.has('inside')) {
    // As a program in a pod: from the volume of its service account and the variables of the service.
    kc.loadFromCluster();
    const maps = await kc.makeApiClient(k8s.CoreV1Api).listNamespacedConfigMap({ namespace: kc.getContextObject('inClusterContext').namespace });
    console.log(`inside: ${maps.items.length > 0 ? 'well' : 'nothing'}`);
    process.exit(0);
}
kc.loadFromDefault();
// Ending a stream that nobody reads any more is a fault to some versions of the client.
process.on('uncaughtException', e => { if (e.name !== 'AbortError') { console.log(e); process.exit(2); } });
const core = kc.makeApiClient(k8s.CoreV1Api);
const apps = kc.makeApiClient(k8s.AppsV1Api);
const custom = kc.makeApiClient(k8s.CustomObjectsApi);
const extensions = kc.makeApiClient(k8s.ApiextensionsV1Api);
const objects = k8s.KubernetesObjectApi.makeApiClient(kc);
let failures = 0;

async function step(name, body) {
    let timer;
    try {
        const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error('took more than 60 s')), 60_000); });
        await Promise.race([body(), late]);
        console.log(`ok ${name}`);
    } catch (e) {
        failures++;
        console.log(`FAILED ${name}: ${e?.stack ?? JSON.stringify(e)}\n${e?.body ? JSON.stringify(e.body) : ''}${e?.cause ? e.cause.stack : ''}`);
    } finally { clearTimeout(timer); }
}

async function until(what, condition) {
    for (;;) {
        const value = await condition();
        if (value) return value;
        await new Promise(r => setTimeout(r, 100));
    }
}

const collect = () => { const s = new PassThrough(); s.text = ''; s.on('data', d => { s.text += d; }); return s; };
const pod = (name, command, more = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'any', command, ...more }] } });
const ready = name => until(`${name} ready`, async () =>
    (await core.readNamespacedPod({ name, namespace: ns })).status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True'));
const map = (name, data, labels = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });
const code = async (call) => { try { await call(); } catch (e) { return e.code ?? e.statusCode; } return 0; };

await step('crud', async () => {
    const made = await core.createNamespacedConfigMap({ namespace: ns, body: map('crud', { a: '1' }) });
    assert.ok(made.metadata.creationTimestamp instanceof Date);
    made.data.b = '2';
    const put = await core.replaceNamespacedConfigMap({ name: 'crud', namespace: ns, body: made });
    assert.deepEqual(put.data, { a: '1', b: '2' });
    assert.equal(await code(() => core.replaceNamespacedConfigMap({ name: 'crud', namespace: ns, body: made })), 409);
    assert.equal(await code(() => core.createNamespacedConfigMap({ namespace: ns, body: map('crud', {}) })), 409);
    assert.equal((await core.listNamespacedConfigMap({ namespace: ns, fieldSelector: 'metadata.name=crud' })).items.length, 1);
    assert.equal((await core.deleteNamespacedConfigMap({ name: 'crud', namespace: ns })).status, 'Success');
    assert.equal(await code(() => core.readNamespacedConfigMap({ name: 'crud', namespace: ns })), 404);
});

await step('errors', async () => {
    try {
        await core.createNamespacedPod({ namespace: ns, body: { metadata: { name: 'UPPER' }, spec: { containers: [] } } });
        assert.fail('an invalid pod was taken');
    } catch (e) {
        assert.equal(e.code, 422);
        const status = typeof e.body === 'string' ? JSON.parse(e.body) : e.body;
        assert.equal(status.reason, 'Invalid');
        assert.ok(status.details.causes.length >= 2);
    }
});

await step('patches', async () => {
    await core.createNamespacedConfigMap({ namespace: ns, body: map('patched', { a: '1' }) });
    const patch = (body, type, more = {}) => core.patchNamespacedConfigMap({ name: 'patched', namespace: ns, body, ...more }, k8s.setHeaderOptions('Content-Type', type));
    assert.equal((await core.patchNamespacedConfigMap({ name: 'patched', namespace: ns, body: [{ op: 'replace', path: '/data/a', value: 'json' }] })).data.a, 'json');
    assert.equal((await patch({ data: { a: 'merge' } }, k8s.PatchStrategy.MergePatch)).data.a, 'merge');
    assert.equal((await patch({ data: { a: 'strategic' } }, k8s.PatchStrategy.StrategicMergePatch)).data.a, 'strategic');
    const applied = await patch({ apiVersion: 'v1', kind: 'ConfigMap', data: { own: 'x' } }, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'script', force: true });
    assert.equal(applied.data.own, 'x');
    assert.ok(applied.metadata.managedFields.some(f => f.manager === 'script' && f.operation === 'Apply'));
    assert.equal(await code(() => patch({ apiVersion: 'v1', kind: 'ConfigMap', data: { own: 'y' } }, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'other' })), 409);
});

await step('objects', async () => {
    const one = await objects.create({ ...map('generic', { a: '1' }), metadata: { name: 'generic', namespace: ns } });
    assert.equal((await objects.read({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace: ns } })).metadata.uid, one.metadata.uid);
    const patched = await objects.patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace: ns }, data: { b: '2' } });
    assert.deepEqual(patched.data, { a: '1', b: '2' });
    const applied = await objects.patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace: ns }, data: { c: '3' } },
        undefined, undefined, 'script', true, k8s.PatchStrategy.ServerSideApply);
    assert.equal(applied.data.c, '3');
    assert.ok((await objects.list('v1', 'ConfigMap', ns)).items.length >= 2);
    await objects.delete({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace: ns } });
});

await step('watch', async () => {
    const seen = [];
    const watch = new k8s.Watch(kc);
    const start = (await core.listNamespacedConfigMap({ namespace: ns })).metadata.resourceVersion;
    let ended;
    const done = new Promise(r => { ended = r; });
    const request = await watch.watch(`/api/v1/namespaces/${ns}/configmaps`, { resourceVersion: start, allowWatchBookmarks: true, labelSelector: 'watched=yes' },
        (type, object) => { if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`); }, ended);
    await core.createNamespacedConfigMap({ namespace: ns, body: map('watched', {}, { watched: 'yes' }) });
    await core.patchNamespacedConfigMap({ name: 'watched', namespace: ns, body: [{ op: 'add', path: '/data', value: { x: '1' } }] });
    await core.deleteNamespacedConfigMap({ name: 'watched', namespace: ns });
    await until('three events', () => seen.length >= 3);
    assert.deepEqual(seen, ['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
    request.abort();
    await done;
    // A server that ends a watch in its time ends it without a fault.
    const fault = await new Promise((yes, no) => watch.watch(`/api/v1/namespaces/${ns}/configmaps`, { timeoutSeconds: 1 }, () => {}, yes).catch(no));
    assert.ok(!fault || /aborted|terminated/i.test(`${fault}`) === false, `${fault}`);
});

await step('informer', async () => {
    await core.createNamespacedConfigMap({ namespace: ns, body: map('before', {}, { informed: 'yes' }) });
    const seen = [];
    let lists = 0;
    const list = () => { lists++; return core.listNamespacedConfigMap({ namespace: ns, labelSelector: 'informed=yes' }); };
    const informer = k8s.makeInformer(kc, `/api/v1/namespaces/${ns}/configmaps`, async () => {
        const items = await list();
        // The first list names the first version of all: the watch begins there, or with 410 and another list where that is no longer kept.
        if (lists === 1) items.metadata.resourceVersion = '1';
        return items;
    }, 'informed=yes');
    for (const verb of ['add', 'update', 'delete']) informer.on(verb, o => seen.push(`${verb} ${o.metadata.name}`));
    informer.on('error', e => { seen.push(`error ${e?.statusCode ?? e?.code ?? e?.message}`); setTimeout(() => informer.start(), 50); });
    await informer.start();
    await until('the first', () => seen.includes('add before'));
    await new Promise(r => setTimeout(r, 200));
    await core.createNamespacedConfigMap({ namespace: ns, body: map('after', {}, { informed: 'yes' }) });
    await until('the second', () => seen.includes('add after'));
    await core.deleteNamespacedConfigMap({ name: 'after', namespace: ns });
    await until('its end', () => seen.includes('delete after'));
    // The version was forgotten, and the informer went on from a second list without a word to its user.
    if (forgetful) assert.ok(lists >= 2 && !seen.some(s => s.startsWith('error')), `${lists} lists: ${seen}`);
    await informer.stop();
});

await step('custom', async () => {
    const group = `${ns}.example.com`;
    await extensions.createCustomResourceDefinition({ body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `widgets.${group}` },
        spec: { group, scope: 'Namespaced', names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
            versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } }, schema: { openAPIV3Schema: { type: 'object', x_kubernetes_preserve_unknown_fields: true } } }] } } });
    await until('the definition', async () => (await extensions.readCustomResourceDefinition({ name: `widgets.${group}` })).status?.conditions?.some(c => c.type === 'Established' && c.status === 'True'));
    const at = { group, version: 'v1', namespace: ns, plural: 'widgets' };
    await custom.createNamespacedCustomObject({ ...at, body: { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w' }, spec: { size: 1 } } });
    const w = await custom.getNamespacedCustomObject({ ...at, name: 'w' });
    w.spec.size = 2;
    assert.equal((await custom.replaceNamespacedCustomObject({ ...at, name: 'w', body: w })).spec.size, 2);
    const merge = k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch);
    assert.equal((await custom.patchNamespacedCustomObject({ ...at, name: 'w', body: { spec: { color: 'red' } } }, merge)).spec.color, 'red');
    assert.equal((await custom.patchNamespacedCustomObject({ ...at, name: 'w', body: [{ op: 'replace', path: '/spec/size', value: 5 }] })).spec.size, 5);
    assert.equal((await custom.patchNamespacedCustomObjectStatus({ ...at, name: 'w', body: { status: { size: 5 } } }, merge)).status.size, 5);
    assert.equal((await custom.getNamespacedCustomObjectScale({ ...at, name: 'w' })).spec.replicas, 5);
    const applied = await custom.patchNamespacedCustomObject({ ...at, name: 'v', fieldManager: 'script', force: true, body: { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'v' }, spec: { size: 7 } } },
        k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.ServerSideApply));
    assert.equal(applied.spec.size, 7);
    assert.equal((await custom.listNamespacedCustomObject(at)).items.length, 2);
    assert.equal((await custom.listClusterCustomObject({ group, version: 'v1', plural: 'widgets' })).items.length, 2);
    await custom.deleteNamespacedCustomObject({ ...at, name: 'w' });
    await custom.deleteCollectionNamespacedCustomObject(at);
    await objects.create({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'o', namespace: ns }, spec: {} });
    await extensions.deleteCustomResourceDefinition({ name: `widgets.${group}` });
});

await step('deployments', async () => {
    await apps.createNamespacedDeployment({ namespace: ns, body: { metadata: { name: 'd' }, spec: { replicas: 1, selector: { matchLabels: { app: 'd' } },
        template: { metadata: { labels: { app: 'd' } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'any', command: ['sleep', '3600'] }] } } } } });
    // The controller writes the status meanwhile, so a replacement may meet a newer version.
    await until('a scale of two', async () => {
        const scale = await apps.readNamespacedDeploymentScale({ name: 'd', namespace: ns });
        scale.spec.replicas = 2;
        return await code(() => apps.replaceNamespacedDeploymentScale({ name: 'd', namespace: ns, body: scale })) === 0;
    });
    await until('two', async () => (await apps.readNamespacedDeploymentStatus({ name: 'd', namespace: ns })).status.readyReplicas === 2);
    await apps.deleteNamespacedDeployment({ name: 'd', namespace: ns, propagationPolicy: 'Foreground' });
    await until('gone', async () => await code(() => apps.readNamespacedDeployment({ name: 'd', namespace: ns })) === 404);
});

await step('exec', async () => {
    await core.createNamespacedPod({ namespace: ns, body: pod('shell', ['sh', '-c', 'echo begun; while read line; do echo got $line; done; sleep 3600'], { stdin: true }) });
    await ready('shell');
    const exec = new k8s.Exec(kc);
    const run = (command, stdin, tty = false) => new Promise((yes, no) => {
        const [out, err] = [collect(), collect()];
        exec.exec(ns, 'shell', 'main', command, out, err, stdin ?? null, tty, status => yes({ status, out: out.text, err: err.text })).catch(no);
    });
    const told = await run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.equal(told.out, 'out\n');
    assert.equal(told.err, 'err\n');
    assert.equal(told.status.status, 'Failure');
    assert.equal(told.status.details.causes[0].message, '3');
    const fed = await run(['cat'], Readable.from(['fed in\n']));
    assert.equal(fed.out, 'fed in\n');
    assert.equal(fed.status.status, 'Success');
    assert.match((await run(['sh', '-c', 'echo tty'], null, true)).out, /tty/);
});

await step('attach', async () => {
    const attach = new k8s.Attach(kc);
    const out = collect();
    const input = new PassThrough();
    const socket = await attach.attach(ns, 'shell', 'main', out, collect(), input, false);
    input.write('hello\n');
    await until('an echo', () => out.text.includes('got hello'));
    socket.close();
});

await step('logs', async () => {
    const log = new k8s.Log(kc);
    const out = collect();
    out.on('error', () => {});
    const controller = await log.log(ns, 'shell', 'main', out, { follow: true, tailLines: 50, timestamps: false });
    await until('the first line', () => out.text.includes('begun'));
    controller?.abort();
    assert.match(await core.readNamespacedPodLog({ name: 'shell', namespace: ns, container: 'main' }), /begun/);
});

await step('portforward', async () => {
    const server = net.createServer(s => s.on('data', d => s.end(`echo ${d}`))).listen(0, '0.0.0.0');
    await new Promise(r => server.on('listening', r));
    const port = server.address().port;
    await core.createNamespacedPod({ namespace: ns, body: pod('served', ['sleep', '3600'], { ports: [{ containerPort: port }] }) });
    await ready('served');
    const forward = new k8s.PortForward(kc);
    const local = net.createServer(socket => { forward.portForward(ns, 'served', [port], socket, null, socket).catch(e => socket.destroy(e)); }).listen(0, '127.0.0.1');
    await new Promise(r => local.on('listening', r));
    const answer = await new Promise((yes, no) => {
        const socket = net.connect(local.address().port, '127.0.0.1', () => socket.write('ping'));
        let text = '';
        socket.on('data', d => { text += d; if (text.includes('ping')) yes(text); });
        socket.on('error', no);
        socket.on('close', () => yes(text));
    });
    assert.equal(answer, 'echo ping');
    local.close(); server.close();
});

await step('cp', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'client-node-cp'));
    fs.mkdirSync(path.join(folder, 'in')); fs.mkdirSync(path.join(folder, 'out')); fs.mkdirSync(path.join(folder, 'pod'));
    fs.writeFileSync(path.join(folder, 'in', 'file.txt'), 'copied');
    const cp = new k8s.Cp(kc);
    await cp.cpToPod(ns, 'shell', 'main', path.join(folder, 'in'), path.join(folder, 'pod'));
    await until('the file in the pod', () => fs.existsSync(path.join(folder, 'pod', 'file.txt')));
    // Before 2.0 the client itself asks for a compressed archive and reads it as a plain one.
    if (modes.has('2')) await cp.cpFromPod(ns, 'shell', 'main', 'file.txt', path.join(folder, 'out'), path.join(folder, 'pod'));
    if (modes.has('2')) await until('the file back', () => fs.existsSync(path.join(folder, 'out', 'file.txt')) && fs.readFileSync(path.join(folder, 'out', 'file.txt'), 'utf8') === 'copied');
    fs.rmSync(folder, { recursive: true });
});

await step('token', async () => {
    await core.createNamespacedServiceAccount({ namespace: ns, body: { metadata: { name: 'robot' } } });
    const rbac = kc.makeApiClient(k8s.RbacAuthorizationV1Api);
    await rbac.createNamespacedRole({ namespace: ns, body: { metadata: { name: 'reader' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }] } });
    await rbac.createNamespacedRoleBinding({ namespace: ns, body: { metadata: { name: 'reader' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }, subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: ns }] } });
    const request = await core.createNamespacedServiceAccountToken({ name: 'robot', namespace: ns, body: { spec: { audiences: [], expirationSeconds: 3600 } } });
    const cluster = kc.getCurrentCluster();
    const other = new k8s.KubeConfig();
    other.loadFromClusterAndUser(cluster, { name: 'robot', token: request.status.token });
    const asRobot = other.makeApiClient(k8s.CoreV1Api);
    await until('the role', async () => await code(() => asRobot.listNamespacedConfigMap({ namespace: ns })) === 0);
    assert.equal(await code(() => asRobot.listNamespacedSecret({ namespace: ns })), 403);
    const bad = new k8s.KubeConfig();
    bad.loadFromClusterAndUser(cluster, { name: 'bad', token: 'nonsense' });
    assert.equal(await code(() => bad.makeApiClient(k8s.CoreV1Api).listNamespacedSecret({ namespace: ns })), 401);
    const review = await other.makeApiClient(k8s.AuthorizationV1Api).createSelfSubjectAccessReview({ body: { spec: { resourceAttributes: { namespace: ns, verb: 'list', resource: 'configmaps' } } } });
    assert.equal(review.status.allowed, true);
});

await step('incluster', async () => {
    const server = new URL(kc.getCurrentCluster().server);
    const body = pod('inside', [process.execPath, process.argv[1], ns, 'inside'],
        { env: [{ name: 'CLIENT_HOME', value: home }, { name: 'KUBERNETES_SERVICE_HOST', value: server.hostname }, { name: 'KUBERNETES_SERVICE_PORT', value: server.port }] });
    body.spec.serviceAccountName = 'robot';
    body.spec.restartPolicy = 'Never';
    await core.createNamespacedPod({ namespace: ns, body });
    await until('its end', async () => /Succeeded|Failed/.test((await core.readNamespacedPod({ name: 'inside', namespace: ns })).status.phase));
    assert.match(await core.readNamespacedPodLog({ name: 'inside', namespace: ns }), /inside: well/);
});

await step('deletecollection', async () => {
    await core.deleteCollectionNamespacedConfigMap({ namespace: ns, labelSelector: 'informed=yes' });
    assert.equal((await core.listNamespacedConfigMap({ namespace: ns, labelSelector: 'informed=yes' })).items.length, 0);
});

await step('misc', async () => {
    const health = new k8s.Health(kc);
    assert.equal(await health.readyz({}), true);
    const version = await kc.makeApiClient(k8s.VersionApi).getCode();
    assert.equal(version.major, '1');
    assert.ok((await k8s.topNodes(core).catch(e => { throw e; })).length >= 1);
    await core.createNamespacedPod({ namespace: ns, body: pod('evicted', ['sleep', '3600']) });
    await core.createNamespacedPodEviction({ name: 'evicted', namespace: ns, body: { metadata: { name: 'evicted' } } });
    await core.deleteNamespacedPod({ name: 'shell', namespace: ns, gracePeriodSeconds: 0 });
    const events = await core.listNamespacedEvent({ namespace: ns, limit: 2 });
    assert.ok(events.items.length > 0);
    if (events.metadata._continue) assert.ok((await core.listNamespacedEvent({ namespace: ns, limit: 2, _continue: events.metadata._continue })).items.length > 0);
});

console.log(failures === 0 ? 'all well' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
