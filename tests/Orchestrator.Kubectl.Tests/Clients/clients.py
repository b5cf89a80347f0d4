# Drives the API as programs written with the Python client of Kubernetes do; prints one line per behaviour that was seen.
import socket
import sys
import threading
import time
import traceback

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

ns = sys.argv[1]
config.load_kube_config()
core = client.CoreV1Api()
failures = []


def step(body):
    try:
        body()
        print("ok", body.__name__)
    except Exception:
        failures.append(body.__name__)
        print("FAILED", body.__name__)
        traceback.print_exc(file=sys.stdout)


def until(what, condition):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("waited in vain for " + what)


def code(call, *arguments, **named):
    try:
        call(*arguments, **named)
        return 0
    except ApiException as e:
        return e.status


def config_map(name, data, labels=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)


def pod(name, command, **more):
    return client.V1Pod(metadata=client.V1ObjectMeta(name=name), spec=client.V1PodSpec(
        termination_grace_period_seconds=0, containers=[client.V1Container(name="main", image="any", command=command, **more)]))


def is_ready(name):
    conditions = core.read_namespaced_pod(name, ns).status.conditions or []
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


@step
def crud():
    made = core.create_namespaced_config_map(ns, config_map("crud", {"a": "1"}))
    made.data["b"] = "2"
    assert core.replace_namespaced_config_map("crud", ns, made).data == {"a": "1", "b": "2"}
    assert code(core.replace_namespaced_config_map, "crud", ns, made) == 409
    assert code(core.create_namespaced_config_map, ns, config_map("crud", {})) == 409
    # A mapping is sent as a strategic merge patch, a list as a JSON patch.
    assert core.patch_namespaced_config_map("crud", ns, {"data": {"b": None}}).data == {"a": "1"}
    assert core.patch_namespaced_config_map("crud", ns, [{"op": "add", "path": "/data/c", "value": "3"}]).data == {"a": "1", "c": "3"}
    assert [m.metadata.name for m in core.list_namespaced_config_map(ns, field_selector="metadata.name=crud").items] == ["crud"]
    assert core.delete_namespaced_config_map("crud", ns).status == "Success"
    assert code(core.read_namespaced_config_map, "crud", ns) == 404


@step
def watches():
    start = core.list_namespaced_config_map(ns).metadata.resource_version
    seen = []

    def follow():
        for event in watch.Watch().stream(core.list_namespaced_config_map, ns, label_selector="watched=yes", resource_version=start, timeout_seconds=60):
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow)
    follower.start()
    core.create_namespaced_config_map(ns, config_map("watched", {}, {"watched": "yes"}))
    core.patch_namespaced_config_map("watched", ns, {"data": {"x": "1"}})
    core.delete_namespaced_config_map("watched", ns)
    follower.join(60)
    assert seen == [("ADDED", "watched"), ("MODIFIED", "watched"), ("DELETED", "watched")], seen


@step
def streams():
    core.create_namespaced_pod(ns, pod("shell", ["sh", "-c", "echo begun; while read line; do echo got $line; done; sleep 3600"], stdin=True))
    until("the pod", lambda: is_ready("shell"))
    assert stream(core.connect_get_namespaced_pod_exec, "shell", ns, command=["sh", "-c", "echo out"], stdout=True, stderr=True, stdin=False, tty=False) == "out\n"
    session = stream(core.connect_get_namespaced_pod_exec, "shell", ns, command=["sh", "-c", "read a; echo $a; echo $a >&2; exit 3"],
                     stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False)
    session.write_stdin("fed in\n")
    session.run_forever(timeout=30)
    assert (session.read_stdout(), session.read_stderr(), session.returncode) == ("fed in\n", "fed in\n", 3)
    until("the log", lambda: "begun" in core.read_namespaced_pod_log("shell", ns, container="main"))
    follow = core.read_namespaced_pod_log("shell", ns, follow=True, _preload_content=False)
    assert b"begun" in follow.readline()
    follow.close()


@step
def forwards():
    server = socket.create_server(("0.0.0.0", 0))
    port = server.getsockname()[1]

    def answer():
        connection, _ = server.accept()
        connection.sendall(b"echo " + connection.recv(100))
        connection.close()

    threading.Thread(target=answer, daemon=True).start()
    core.create_namespaced_pod(ns, pod("served", ["sleep", "3600"], ports=[client.V1ContainerPort(container_port=port)]))
    until("the pod", lambda: is_ready("served"))
    forward = portforward(core.connect_get_namespaced_pod_portforward, "served", ns, ports=str(port))
    connection = forward.socket(port)
    connection.sendall(b"ping")
    received = b""
    while received != b"echo ping":
        part = connection.recv(100)
        assert part, received
        received += part
    connection.close()
    assert forward.error(port) is None


def _find(api, group):
    api.resources.invalidate_cache()
    return api.resources.search(api_version=group + "/v1", kind="Gadget")


@step
def dynamics():
    api = dynamic.DynamicClient(client.ApiClient())
    maps = api.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(body={"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "dynamic"}, "data": {"a": "1"}}, namespace=ns)
    assert maps.get(name="dynamic", namespace=ns).data.a == "1"
    patched = maps.patch(body={"metadata": {"name": "dynamic"}, "data": {"a": "2"}}, namespace=ns, content_type="application/merge-patch+json")
    assert patched.data.a == "2"
    group = ns + ".py.example.com"
    definitions = api.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body={"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gadgets." + group}, "spec": {
        "group": group, "scope": "Namespaced", "names": {"plural": "gadgets", "kind": "Gadget"}, "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
    gadgets = until("the kind", lambda: next(iter(_find(api, group)), None))
    gadgets.create(body={"apiVersion": group + "/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {"size": 1}}, namespace=ns)
    custom = client.CustomObjectsApi()
    assert custom.list_namespaced_custom_object(group, "v1", ns, "gadgets")["items"][0]["spec"]["size"] == 1
    # Its own choice of patch is a JSON patch, which a custom resource takes as well.
    assert custom.patch_namespaced_custom_object(group, "v1", ns, "gadgets", "g", {"spec": {"size": 2}})["spec"]["size"] == 2
    definitions.delete(name="gadgets." + group)


@step
def tokens():
    core.create_namespaced_service_account(ns, client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="pyrobot")))
    request = core.create_namespaced_service_account_token("pyrobot", ns, client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[])))
    settings = client.Configuration.get_default_copy()
    settings.cert_file = settings.key_file = None
    settings.api_key = {"authorization": "Bearer " + request.status.token}
    robot = client.CoreV1Api(client.ApiClient(settings))
    assert code(robot.list_namespaced_secret, ns) == 403
    review = client.AuthorizationV1Api(client.ApiClient(settings)).create_self_subject_access_review(client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=client.V1ResourceAttributes(namespace=ns, verb="list", resource="secrets"))))
    assert review.status.allowed is False


print("all well" if not failures else "failed: " + ", ".join(failures))
sys.exit(1 if failures else 0)
