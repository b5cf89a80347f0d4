using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Kinds;

/// <summary>What each kind refuses, starting from its minimal object: every case changes one thing and tells all faults that follow.</summary>
public sealed class StableKindRulesTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>A created object of the kind at <paramref name="path"/>, with the JSON at a dotted place replaced.</summary>
    private static (ResourceSchema Schema, JsonObject Tree, string Faults) Create(string path, string place = "", string json = "", string name = "minimal")
    {
        var parts = path.Split('/');
        var schema = SchemaCatalog.BuiltIn.Find(parts[0], parts[1], parts[2])!;
        if (path == "apiregistration.k8s.io/v1/apiservices" && name == "minimal") name = "v1.example.com";
        var body = MinimalObjects.Bodies[path].Trim();
        var tree = JsonNode.Parse($$"""{"metadata":{"name":"{{name}}"}{{(body.Length > 0 ? "," + body : "")}}}""")!.AsObject();
        if (place.Length > 0) Put(tree, place, json);
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(tree.ToJsonString()), FieldValidation.Strict);
        Assert.True(decoded.Error is null, decoded.Error?.Message);
        tree = decoded.Tree!;
        Defaulting.Apply(schema, tree);
        ObjectStrategy.PrepareForCreate(schema, tree, schema.Namespaced ? "default" : "", "uid-1", Now, new Random(1));
        return (schema, tree, Text(Validation.ValidateCreate(schema, tree)));
    }

    private static void Put(JsonObject tree, string place, string json)
    {
        var steps = place.Split('.');
        JsonNode owner = tree;
        foreach (var step in steps[..^1])
            owner = int.TryParse(step, out var index) ? owner.AsArray()[index]! : owner.AsObject()[step] ??= new JsonObject();
        if (int.TryParse(steps[^1], out var last)) owner.AsArray()[last] = JsonNode.Parse(json);
        else if (json.Length == 0) owner.AsObject().Remove(steps[^1]);
        else owner.AsObject()[steps[^1]] = JsonNode.Parse(json);
    }

    private static string Text(ApiError? error) =>
        error is null ? "" : string.Join('\n', error.Causes.Select(static c => $"{c.Field}: {c.Message}").Order(StringComparer.Ordinal));

    private static string Update(string path, string place, string json, string subresource = "", string createPlace = "", string createJson = "")
    {
        var (schema, stored, faults) = Create(path, createPlace, createJson);
        Assert.Equal("", faults);
        var tree = stored.DeepClone().AsObject();
        Put(tree, place, json);
        Defaulting.Apply(schema, tree);
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, subresource);
        return Text(Validation.ValidateUpdate(schema, tree, stored, subresource));
    }

    private const string Rbac = "rbac.authorization.k8s.io/v1/";
    private const string Storage = "storage.k8s.io/v1/";
    private const string Admission = "admissionregistration.k8s.io/v1/";
    private const string Flow = "flowcontrol.apiserver.k8s.io/v1/";

    [Theory]
    [InlineData(Rbac + "roles", "rules", """[{"verbs":[],"apiGroups":[""],"resources":["pods"]},{"verbs":["get"],"nonResourceURLs":["/x"]},{"verbs":["get"]}]""", """
        rules[0].verbs: Required value: verbs must contain at least one value
        rules[1].nonResourceURLs: Invalid value: []string{"/x"}: namespaced rules cannot apply to non-resource URLs
        rules[2].apiGroups: Required value: resource rules must supply at least one api group
        rules[2].resources: Required value: resource rules must supply at least one resource
        """)]
    [InlineData(Rbac + "clusterroles", "aggregationRule", "{}", "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil")]
    [InlineData(Rbac + "rolebindings", "roleRef", """{"apiGroup":"x","kind":"Roll","name":""}""", """
        roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"
        roleRef.kind: Unsupported value: "Roll": supported values: "Role", "ClusterRole"
        roleRef.name: Required value
        """)]
    [InlineData(Rbac + "clusterrolebindings", "subjects", """[{"kind":"ServiceAccount","name":"a"},{"kind":"User","name":"u"},{"kind":"Robot","name":"r"}]""", """
        subjects[0].namespace: Required value
        subjects[2].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"
        """)]
    [InlineData("scheduling.k8s.io/v1/priorityclasses", "value", "1000000001", "value: Forbidden: maximum allowed value of a user defined priority is 1000000000")]
    [InlineData("/v1/resourcequotas", "spec", """{"hard":{"pods":"1.5","bogus":"1","cpu":"-1"}}""", """
        spec.hard[bogus]: Invalid value: "bogus": must be a standard resource for quota
        spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0
        spec.hard[pods]: Invalid value: "1500m": must be an integer
        """)]
    [InlineData("/v1/resourcequotas", "spec", """{"hard":{"services":"1"},"scopes":["BestEffort","NotBestEffort"]}""", """
        spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: conflicting scopes
        spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: unsupported scope applied to resource
        spec.scopes: Invalid value: []core.ResourceQuotaScope{"BestEffort", "NotBestEffort"}: unsupported scope applied to resource
        """)]
    [InlineData("/v1/limitranges", "spec.limits", """[{"type":"Container","min":{"cpu":"2"},"max":{"cpu":"1"}}]""", """
        spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1
        spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1
        spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
        """)]
    [InlineData("/v1/limitranges", "spec.limits", """[{"type":"Pod","default":{"cpu":"1"}},{"type":"Pod"},{"type":"Robot"}]""", """
        spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'
        spec.limits[1].type: Duplicate value: "Pod"
        spec.limits[2].type: Invalid value: "Robot": must be a standard limit type or fully qualified
        """)]
    [InlineData("/v1/replicationcontrollers", "spec.selector", """{"a":"c"}""", """spec.template.metadata.labels: Invalid value: map[string]string{"a":"b"}: `selector` does not match template `labels`""")]
    [InlineData("/v1/podtemplates", "template.spec.containers", "[]", "template.spec.containers: Required value")]
    [InlineData("/v1/persistentvolumes", "spec", """{"capacity":{"cpu":"1"},"accessModes":["ReadWriteOncePod","ReadWriteOnce"],"hostPath":{"path":"/a/../b"},"nfs":{"server":"s","path":"p"}}""", """
        spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes
        spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"
        spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'
        spec.nfs: Forbidden: may not specify more than 1 volume type
        """)]
    [InlineData("/v1/persistentvolumes", "spec.hostPath", "", "spec: Required value: must specify a volume type")]
    [InlineData("/v1/persistentvolumeclaims", "spec", "{}", """
        spec.accessModes: Required value: at least 1 access mode is required
        spec.resources[storage]: Required value
        """)]
    [InlineData("apps/v1/statefulsets", "spec.podManagementPolicy", "\"Random\"", "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'")]
    [InlineData("apps/v1/controllerrevisions", "data", "", "data: Required value: data is mandatory")]
    [InlineData("batch/v1/cronjobs", "spec.schedule", "\"61 * * * *\"", "spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61")]
    [InlineData("batch/v1/cronjobs", "spec.schedule", "\"* *\"", "spec.schedule: Invalid value: \"* *\": expected exactly 5 fields, found 2: [* *]")]
    [InlineData("batch/v1/cronjobs", "spec.schedule", "\"TZ=UTC 0 * * * *\"", "spec.schedule: Invalid value: \"TZ=UTC 0 * * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone field instead")]
    [InlineData("batch/v1/cronjobs", "spec.timeZone", "\"Mars/Olympus\"", "spec.timeZone: Invalid value: \"Mars/Olympus\": unknown time zone Mars/Olympus")]
    [InlineData("batch/v1/cronjobs", "spec.timeZone", "\"Europe/Berlin\"", "")]
    [InlineData("batch/v1/cronjobs", "spec.jobTemplate.spec.template.spec.restartPolicy", "\"Always\"",
        "spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"")]
    [InlineData("policy/v1/poddisruptionbudgets", "spec.maxUnavailable", "1", """
        spec: Invalid value: {"minAvailable":1,"selector":{"matchLabels":{"a":"b"}},"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set
        """)]
    [InlineData("policy/v1/poddisruptionbudgets", "spec.minAvailable", "\"101%\"", "spec.minAvailable: Invalid value: \"101%\": must not be greater than 100%")]
    [InlineData("node.k8s.io/v1/runtimeclasses", "handler", "\"Run C\"",
        "handler: Invalid value: \"Run C\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")]
    public void Create_OfAWrongObject_TellsEveryFault(string path, string place, string json, string expected) =>
        Assert.Equal(expected.Trim(), Create(path, place, json).Faults);

    [Theory]
    [InlineData("networking.k8s.io/v1/ingresses", "spec", "{}", "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified")]
    [InlineData("networking.k8s.io/v1/ingresses", "spec", """{"rules":[{"host":"1.2.3.4","http":{"paths":[{"path":"a","pathType":"Prefix","backend":{"service":{"name":"s"}}},{"path":"/","backend":{}}]}}]}""", """
        spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address
        spec.rules[0].http.paths[0].backend.service: Required value: port name or number is required
        spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path
        spec.rules[0].http.paths[1].backend: Invalid value: "": resource or service backend is required
        spec.rules[0].http.paths[1].pathType: Required value: pathType must be specified
        """)]
    [InlineData("networking.k8s.io/v1/ingressclasses", "spec", """{"controller":"noslash","parameters":{"kind":"K","name":"n","scope":"Namespace"}}""", """
        spec.controller: Invalid value: "noslash": must be a domain-prefixed path (such as "acme.io/foo")
        spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'
        """)]
    [InlineData("networking.k8s.io/v1/networkpolicies", "spec.ingress", """[{"from":[{},{"ipBlock":{"cidr":"10.0.0.0/8","except":["11.0.0.0/16"]},"podSelector":{}}],"ports":[{"endPort":5},{"port":10,"endPort":5}]}]""", """
        spec.ingress[0].from[0]: Required value: must specify a peer
        spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`
        spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer
        spec.ingress[0].ports[0].endPort: Invalid value: 5: may not be specified when `port` is not specified
        spec.ingress[0].ports[1].endPort: Invalid value: 5: must be greater than or equal to `port`
        """)]
    [InlineData(Storage + "storageclasses", "volumeBindingMode", "\"Later\"", """volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer" """)]
    [InlineData(Storage + "volumeattachments", "spec.source", "{}", "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName")]
    [InlineData(Storage + "csidrivers", "spec", """{"tokenRequests":[{"audience":"a","expirationSeconds":5},{"audience":"a"}]}""", """
        spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes
        spec.tokenRequests[1].audience: Duplicate value: "a"
        """)]
    [InlineData(Storage + "csinodes", "spec.drivers", """[{"name":"a.b","nodeID":""},{"name":"a.b","nodeID":"n","allocatable":{"count":-1}}]""", """
        spec.drivers[0].nodeID: Required value
        spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0
        spec.drivers[1].name: Duplicate value: "a.b"
        """)]
    [InlineData("autoscaling/v2/horizontalpodautoscalers", "spec.maxReplicas", "0", """
        spec.maxReplicas: Invalid value: 0: must be greater than 0
        spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`
        """)]
    [InlineData("autoscaling/v2/horizontalpodautoscalers", "spec.metrics", """[{"type":"Resource","pods":{"metric":{"name":"m"},"target":{"type":"AverageValue"}}}]""", """
        spec.metrics[0].pods: Forbidden: must populate the given metric source only
        spec.metrics[0].resource: Required value: must populate information for the given metric source
        """)]
    [InlineData("certificates.k8s.io/v1/certificatesigningrequests", "spec", """{"request":"eA==","signerName":"nosigner","usages":["dancing"],"expirationSeconds":5}""", """
        spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)
        spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST
        spec.signerName: Invalid value: "nosigner": must be a fully qualified domain and path of the form 'example.com/signer-name'
        spec.usages[0]: Unsupported value: "dancing": supported values: "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"
        """)]
    [InlineData(Admission + "validatingwebhookconfigurations", "webhooks", """[{"name":"short","clientConfig":{"url":"http://u@h/p?q"},"sideEffects":"Some","admissionReviewVersions":["v9"],"timeoutSeconds":31,"rules":[{"operations":["*","CREATE"],"apiGroups":[],"apiVersions":["v1"],"resources":["pods"]}]}]""", """
        webhooks[0].admissionReviewVersions: Invalid value: []string{"v9"}: must include at least one of v1, v1beta1
        webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]
        webhooks[0].clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL
        webhooks[0].clientConfig.url: Invalid value: "u": user information is not permitted in the URL
        webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots
        webhooks[0].rules[0].apiGroups: Required value
        webhooks[0].rules[0].operations: Invalid value: []string{"*", "CREATE"}: if '*' is present, must not specify other operations
        webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"
        webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds
        """)]
    [InlineData(Admission + "validatingadmissionpolicybindings", "spec.validationActions", """["Deny","Warn"]""",
        """spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)""")]
    [InlineData("apiregistration.k8s.io/v1/apiservices", "spec.versionPriority", "0", "spec.versionPriority: Invalid value: 0: must be positive and less than 1000")]
    [InlineData(Flow + "flowschemas", "spec.matchingPrecedence", "1", "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1")]
    [InlineData(Flow + "flowschemas", "spec.rules", """[{"subjects":[{"kind":"User","group":{"name":"g"}}]}]""", """
        spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'
        spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'
        spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty
        """)]
    [InlineData(Flow + "prioritylevelconfigurations", "spec.limited.limitResponse", """{"type":"Queue","queuing":{"queues":16,"handSize":16}}""",
        "spec.limited.limitResponse.queuing.handSize: Invalid value: 16: required entropy bits of deckSize 16 and handSize 16 should not be greater than 60")]
    [InlineData(Flow + "prioritylevelconfigurations", "spec.limited.limitResponse", """{"type":"Queue","queuing":{"queues":4,"handSize":5}}""",
        "spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)")]
    public void Create_OfAWrongClusterObject_TellsEveryFault(string path, string place, string json, string expected) =>
        Assert.Equal(expected.Trim(), Create(path, place, json).Faults);

    [Theory]
    [InlineData(Rbac + "rolebindings", "roleRef.name", "\"other\"", """roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"other"}: cannot change roleRef""")]
    [InlineData("scheduling.k8s.io/v1/priorityclasses", "value", "6", "value: Forbidden: may not be changed in an update.")]
    [InlineData("apps/v1/controllerrevisions", "data", """{"a":2}""", """data: Invalid value: {"a":2}: field is immutable""")]
    [InlineData("apps/v1/statefulsets", "spec.replicas", "4", "")]
    [InlineData("apps/v1/statefulsets", "spec.serviceName", "\"other\"",
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")]
    [InlineData("/v1/resourcequotas", "spec.scopes", """["BestEffort"]""", "spec.scopes: Invalid value: []core.ResourceQuotaScope{\"BestEffort\"}: field is immutable")]
    [InlineData("/v1/persistentvolumes", "spec.hostPath.path", "\"/other\"", "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation")]
    [InlineData("/v1/persistentvolumeclaims", "spec.resources.requests.storage", "\"2Gi\"",
        "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims")]
    [InlineData("/v1/persistentvolumeclaims", "spec.volumeName", "\"v\"", "")]
    [InlineData(Storage + "storageclasses", "parameters", """{"a":"b"}""", "parameters: Forbidden: updates to parameters are forbidden.")]
    [InlineData(Storage + "csidrivers", "spec.attachRequired", "false", "spec.attachRequired: Invalid value: false: field is immutable")]
    [InlineData("networking.k8s.io/v1/ingressclasses", "spec.controller", "\"example.com/d\"", "spec.controller: Invalid value: \"example.com/d\": field is immutable")]
    [InlineData("node.k8s.io/v1/runtimeclasses", "handler", "\"kata\"", "handler: Invalid value: \"kata\": field is immutable")]
    public void Update_OfWhatStays_IsRefused(string path, string place, string json, string expected) =>
        Assert.Equal(expected.Trim(), Update(path, place, json)
            .Replace("spec.scopes: Invalid value: []core.ResourceQuotaScope{\"BestEffort\"}: unsupported scope applied to resource\n", "", StringComparison.Ordinal)
            .Split("\n  core.")[0]);

    [Theory]
    [InlineData("/v1/pods", "spec", """{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true,"allowPrivilegeEscalation":false}}],"hostPID":true,"shareProcessNamespace":true,"securityContext":{"supplementalGroups":[-1],"seccompProfile":{"type":"Localhost"},"runAsUser":-1}}""", """
        spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true
        spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive
        spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost
        spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive
        spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled
        """)]
    [InlineData("/v1/pods", "spec", """{"containers":[{"name":"c","image":"i","livenessProbe":{"httpGet":{"port":80,"httpHeaders":[{"name":"a b","value":"c"}]}},"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"limits.gpu"}}},{"name":"B","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"2"}}},{"name":"C","valueFrom":{"secretKeyRef":{"name":"A_B","key":"k"}}},{"name":"D","valueFrom":{"fieldRef":{"apiVersion":"v2","fieldPath":"metadata.name"}}}]}],"volumes":[{"name":"v","nfs":{"server":"s","path":"p"}},{"name":"d","downwardAPI":{"items":[{"path":"p","resourceFieldRef":{"resource":"limits.cpu"}}]}},{"name":"c","csi":{"driver":"a b"}},{"name":"j","projected":{"sources":[{"downwardAPI":{"items":[{"path":"q","fieldRef":{"fieldPath":"metadata.name"}}]}},{"secret":{"name":"s","items":[{"key":"k","path":"q"}]}},{}]}}]}""", """
        spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"
        spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource
        spec.containers[0].env[2].valueFrom.secretKeyRef.name: Invalid value: "A_B": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2
        spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')
        spec.volumes[0].nfs.path: Invalid value: "p": must be an absolute path
        spec.volumes[1].downwardAPI.items[0].resourceFieldRef.containerName: Required value
        spec.volumes[2].csi.driver: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        spec.volumes[3].projected: Invalid value: "s": conflicting duplicate paths
        """)]
    [InlineData("/v1/pods", "spec", """{"containers":[{"name":"c","image":"i"}],"activeDeadlineSeconds":0,"terminationGracePeriodSeconds":-1,"imagePullSecrets":[{}],"readinessGates":[{"conditionType":""}],"hostAliases":[{"ip":"10.1","hostnames":["a_b"]}],"dnsConfig":{"nameservers":["1.1.1"],"searches":["a_b","c."],"options":[{}]}}""", """
        spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive
        spec.dnsConfig.nameservers[0]: Invalid value: "1.1.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
        spec.dnsConfig.options[0]: Required value: must not be empty
        spec.dnsConfig.searches[0]: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        spec.hostAliases[0].hostnames[0]: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        spec.hostAliases[0].ip: Invalid value: "10.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
        spec.readinessGates[0].conditionType: Invalid value: "": name part must be non-empty
        spec.readinessGates[0].conditionType: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        """)]
    [InlineData("/v1/pods", "spec", """{"containers":[{"name":"c","image":"i"}],"topologySpreadConstraints":[{}],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"spec.x","operator":"In","values":["a"]},{"key":"metadata.name","operator":"In"},{"key":"metadata.name","operator":"Gt","values":["1"]}]}]},"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":101}]},"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaces":["A"],"labelSelector":{"matchExpressions":[{"key":"a","operator":"Foo"}]}}]}}}""", """
        spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100
        spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "spec.x": not a valid field selector key
        spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[1].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector
        spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[2].operator: Invalid value: "Gt": not a valid selector operator
        spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator
        spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
        spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty
        spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero
        spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty
        spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"
        """)]
    [InlineData("/v1/events", "", "", "")]
    [InlineData("/v1/events", "eventTime", "\"2026-01-01T00:00:00.000000Z\"", """
        action: Required value
        reason: Required value
        reportingController: Invalid value: "": name part must be non-empty
        reportingController: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        reportingController: Required value
        reportingInstance: Required value
        """)]
    [InlineData("/v1/services", "spec", """{"ports":[{"port":80}],"ipFamilyPolicy":"RequireDualStack","ipFamilies":["IPv4","IPv6"],"trafficDistribution":"Far"}""", """
        spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster
        spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services
        spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose"
        """)]
    public void Create_OfAWrongPodOrService_TellsEveryFault(string path, string place, string json, string expected) =>
        Assert.Equal(expected.Trim(), Create(path, place, json).Faults);

    [Fact]
    public void PodUpdate_OfWhatStays_ShowsWhatWentAndWhatCame()
    {
        var fault = Update("/v1/pods", "spec", """{"containers":[{"name":"c","image":"j","command":["a","b"]}],"hostNetwork":true,"nodeSelector":{"a":"b"}}""");
        Assert.StartsWith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`", fault, StringComparison.Ordinal);
        var lines = fault.Split('\n');
        Assert.Equal("  core.PodSpec{", lines[1]);
        Assert.Contains("  \tContainers: []core.Container{", lines);
        Assert.Contains("- \t\t\tCommand: nil,", lines);
        Assert.Contains("+ \t\t\tCommand: []string{\"a\", \"b\"},", lines);
        Assert.Contains("- \tNodeSelector: nil,", lines);
        Assert.Contains("+ \tNodeSelector: map[string]string{\"a\": \"b\"},", lines);
        Assert.Contains("+ \tHostNetwork: true,", lines);
        Assert.DoesNotContain("Image:", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void EphemeralContainers_ChangeNothingElse()
    {
        var (schema, stored, _) = Create("/v1/pods");
        var tree = stored.DeepClone().AsObject();
        Put(tree, "spec.ephemeralContainers", """[{"name":"debugger","image":"busybox"}]""");
        Put(tree, "spec.containers.0.image", "\"other\"");
        Defaulting.Apply(schema, tree);
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, "ephemeralcontainers");
        Assert.Equal("", Text(Validation.ValidateUpdate(schema, tree, stored, "ephemeralcontainers")));
        Assert.Equal("i", (string?)tree["spec"]!["containers"]![0]!["image"]);
        Assert.Equal("debugger", (string?)tree["spec"]!["ephemeralContainers"]![0]!["name"]);
    }

    [Fact]
    public void SystemPriorityClass_IsTheSystems()
    {
        const string Path = "scheduling.k8s.io/v1/priorityclasses";
        Assert.Equal("", Create(Path, "value", "2000001000", "system-node-critical").Faults);
        Assert.Equal("metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
            Create(Path, "value", "5", "system-mine").Faults);
    }

    [Fact]
    public void CertificateRequest_Approval_TouchesTheDecisionAlone()
    {
        const string Path = "certificates.k8s.io/v1/certificatesigningrequests";
        var (schema, stored, _) = Create(Path);
        var tree = stored.DeepClone().AsObject();
        Put(tree, "status.conditions", """[{"type":"Approved","status":"True","reason":"r"}]""");
        Put(tree, "spec.signerName", "\"example.com/other\"");
        Put(tree, "status.certificate", "\"eA==\"");
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, "approval");
        Assert.Equal("", Text(Validation.ValidateUpdate(schema, tree, stored, "approval")));
        Assert.Equal("example.com/signer", (string?)tree["spec"]!["signerName"]);
        Assert.Null(tree["status"]!["certificate"]);
        Assert.Equal("Approved", (string?)tree["status"]!["conditions"]![0]!["type"]);

        var again = tree.DeepClone().AsObject();
        Put(again, "status.conditions", "[]");
        ObjectStrategy.PrepareForUpdate(schema, again, tree, "approval");
        Assert.Equal("status.conditions: Forbidden: updates may not remove a condition of type \"Approved\"", Text(Validation.ValidateUpdate(schema, again, tree, "approval")));

        var main = stored.DeepClone().AsObject();
        Put(main, "spec.signerName", "\"example.com/other\"");
        ObjectStrategy.PrepareForUpdate(schema, main, stored, "");
        Assert.Equal("example.com/signer", (string?)main["spec"]!["signerName"]);
    }

    [Theory]
    [InlineData("/v1/limitranges", "spec.limits", """[{"type":"Container","max":{"cpu":"2"},"min":{"memory":"1Mi"}}]""", "spec.limits.0.defaultRequest", """{"cpu":"2","memory":"1Mi"}""")]
    [InlineData("networking.k8s.io/v1/networkpolicies", "spec.egress", "[{}]", "spec.policyTypes", """["Ingress","Egress"]""")]
    [InlineData("autoscaling/v2/horizontalpodautoscalers", "spec.behavior", """{"scaleDown":{"policies":[{"type":"Pods","value":1,"periodSeconds":60}]}}""", "spec.behavior.scaleDown.selectPolicy", "\"Max\"")]
    [InlineData("autoscaling/v2/horizontalpodautoscalers", "spec.behavior", "{}", "spec.behavior.scaleUp.stabilizationWindowSeconds", "0")]
    [InlineData("apps/v1/statefulsets", "", "", "spec.updateStrategy", """{"type":"RollingUpdate","rollingUpdate":{"partition":0}}""")]
    [InlineData("apps/v1/statefulsets", "", "", "spec.persistentVolumeClaimRetentionPolicy", """{"whenDeleted":"Retain","whenScaled":"Retain"}""")]
    [InlineData("/v1/persistentvolumes", "", "", "spec.persistentVolumeReclaimPolicy", "\"Retain\"")]
    [InlineData("/v1/replicationcontrollers", "spec.selector", "", "spec.selector", """{"a":"b"}""")]
    [InlineData("batch/v1/cronjobs", "", "", "spec.concurrencyPolicy", "\"Allow\"")]
    [InlineData(Storage + "csidrivers", "", "", "spec.volumeLifecycleModes", """["Persistent"]""")]
    [InlineData(Flow + "flowschemas", "", "", "spec.matchingPrecedence", "1000")]
    [InlineData(Flow + "prioritylevelconfigurations", "spec", """{"type":"Exempt"}""", "spec.exempt", """{"nominalConcurrencyShares":0,"lendablePercent":0}""")]
    public void Defaults_ThatNeedLogic_AreThere(string path, string place, string json, string shown, string expected)
    {
        var (_, tree, faults) = Create(path, place, json);
        Assert.Equal("", faults);
        JsonNode? node = tree;
        foreach (var step in shown.Split('.')) node = int.TryParse(step, out var index) ? node![index] : node![step];
        Assert.True(JsonTree.DeepEquals(JsonNode.Parse(expected), node), node?.ToJsonString());
    }
}
