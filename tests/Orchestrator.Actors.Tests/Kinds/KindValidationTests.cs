using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Kinds;

/// <summary>Objects go through decoding, defaults and preparation as in a request, and the whole list of faults is compared.</summary>
public sealed class KindValidationTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static ResourceSchema Kind(string group, string kind) => SchemaCatalog.BuiltIn.FindKind(group, "v1", kind)!;

    private static JsonObject Decode(ResourceSchema schema, string body)
    {
        var decoded = ObjectDecoder.Decode(schema, Encoding.UTF8.GetBytes(body), FieldValidation.Strict);
        Assert.True(decoded.Error is null, decoded.Error?.Message);
        Defaulting.Apply(schema, decoded.Tree!);
        return decoded.Tree!;
    }

    private static JsonObject Create(ResourceSchema schema, string body, out ApiError? error)
    {
        var tree = Decode(schema, body);
        ObjectStrategy.PrepareForCreate(schema, tree, schema.Namespaced ? "default" : "", "uid-1", Now, new Random(1));
        error = Validation.ValidateCreate(schema, tree);
        return tree;
    }

    private static string Faults(ApiError? error) =>
        error is null ? "" : string.Join('\n', error.Causes.Select(static c => $"{c.Field}: {c.Message}").Order(StringComparer.Ordinal));

    private static void AssertCreate(string group, string kind, string body, params string[] expected)
    {
        Create(Kind(group, kind), body, out var error);
        Assert.Equal(string.Join('\n', expected.Order(StringComparer.Ordinal)), Faults(error));
    }

    private static string Update(string group, string kind, string body, Action<JsonObject> change, string subresource = "")
    {
        var schema = Kind(group, kind);
        var stored = Create(schema, body, out var error);
        Assert.Equal("", Faults(error));
        var tree = stored.DeepClone().AsObject();
        change(tree);
        ObjectStrategy.PrepareForUpdate(schema, tree, stored, subresource);
        return Faults(Validation.ValidateUpdate(schema, tree, stored, subresource));
    }

    private static string Pod(string container = "", string spec = "") =>
        $$$"""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"{{{container}}}}]{{{spec}}}}}""";

    [Theory]
    [InlineData("", "")]
    [InlineData(""","volumeMounts":[{"name":"v","mountPath":"/a"}]""", """spec.containers[0].volumeMounts[0].name: Not found: "v" """)]
    [InlineData(""","ports":[{"containerPort":1,"name":"a"},{"containerPort":2,"name":"a"}]""", """spec.containers[0].ports[1].name: Duplicate value: "a" """)]
    [InlineData(""","ports":[{"containerPort":1,"hostPort":9},{"containerPort":2,"hostPort":9}]""",
        """spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9" """)]
    [InlineData(""","livenessProbe":{}""", "spec.containers[0].livenessProbe: Required value: must specify a handler type")]
    [InlineData(""","livenessProbe":{"exec":{"command":["a"]},"tcpSocket":{"port":1},"successThreshold":2}""", """
        spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1
        spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type
        """)]
    [InlineData(""","readinessProbe":{"httpGet":{"port":70000}}""", "spec.containers[0].readinessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    [InlineData(""","lifecycle":{"preStop":{"exec":{"command":[]}}}""", "spec.containers[0].lifecycle.preStop.exec.command: Required value")]
    [InlineData(""","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}""",
        """spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1""")]
    [InlineData(""","resources":{"limits":{"cpu":"-1","bogus":"1"}}""", """
        spec.containers[0].resources.limits[bogus]: Invalid value: "bogus": must be a standard resource for containers
        spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0
        spec.containers[0].resources.requests[bogus]: Invalid value: "bogus": must be a standard resource for containers
        spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0
        """)]
    [InlineData(""","env":[{"name":"A","value":"1","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},{"name":"B","valueFrom":{}}]""", """
        spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty
        spec.containers[0].env[1].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`
        """)]
    [InlineData(""","env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.bogus"}}}]""",
        """spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.bogus": error converting fieldPath: field label not supported: spec.bogus""")]
    [InlineData(""","envFrom":[{}]""", """spec.containers[0].envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`""")]
    public void Pod_Containers_AreValidated(string container, string expected) => AssertCreate("", "Pod", Pod(container), Lines(expected));

    [Theory]
    [InlineData(""","volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/a/../b"}},{"name":"v"},{"name":"w","configMap":{}}]""", """
        spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type
        spec.volumes[1].name: Duplicate value: "v"
        spec.volumes[2].configMap.name: Required value
        """)]
    [InlineData(""","volumes":[{"name":"v","secret":{"secretName":"s","items":[{"key":"k","path":"../x"},{"key":"k","path":"/x"}]}}]""", """
        spec.volumes[0].secret.items[0].path: Invalid value: "../x": must not contain '..'
        spec.volumes[0].secret.items[1].path: Invalid value: "/x": must be a relative path
        """)]
    [InlineData(""","tolerations":[{"operator":"Equal"},{"key":"k","operator":"Exists","value":"v"},{"key":"k","effect":"NoSchedule","tolerationSeconds":1}]""", """
        spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"
        spec.tolerations[1].operator: Invalid value: core.Toleration{Key:"k", Operator:"Exists", Value:"v", Effect:"", TolerationSeconds:(*int64)(nil)}: value must be empty when `operator` is 'Exists'
        spec.tolerations[2].effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when `tolerationSeconds` is set
        """)]
    [InlineData(""","affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"In"}]}]}}}""",
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'")]
    [InlineData(""","dnsPolicy":"None","hostname":"A_b" """, """
        spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None
        spec.hostname: Invalid value: "A_b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
        """)]
    [InlineData(""","hostname":"a.b","subdomain":"c.d" """, """
        spec.hostname: Invalid value: "a.b": must not contain dots
        spec.subdomain: Invalid value: "c.d": must not contain dots
        """)]
    [InlineData(""","hostname":"a..b" """, """
        spec.hostname: Invalid value: "a..b": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
        """)]
    [InlineData(""","initContainers":[{"name":"c","image":"i","livenessProbe":{"exec":{"command":["x"]}}},{"name":"s","image":"i","restartPolicy":"Always","startupProbe":{"exec":{"command":["x"]}}}]""", """
        spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always
        spec.initContainers[0].name: Duplicate value: "c"
        """)]
    public void Pod_Spec_IsValidated(string spec, string expected) => AssertCreate("", "Pod", Pod(spec: spec), Lines(expected));

    private static string[] Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    [Fact]
    public void PodUpdate_OfWhatMayChange_IsAccepted() => Assert.Equal("", Update("", "Pod", Pod(), static pod =>
    {
        pod["spec"]!["containers"]![0]!["image"] = "other:1";
        pod["spec"]!["activeDeadlineSeconds"] = 5;
        pod["spec"]!["tolerations"] = new JsonArray(JsonNode.Parse("""{"key":"k","operator":"Exists"}"""));
        pod["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
    }));

    [Fact]
    public void PodUpdate_OfAnythingElse_IsForbidden()
    {
        var faults = Update("", "Pod", Pod(), static pod => pod["spec"]!["hostname"] = "h");
        Assert.StartsWith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`", faults, StringComparison.Ordinal);
        Assert.Contains("\n- \tHostname: \"\",\n+ \tHostname: \"h\",\n", faults, StringComparison.Ordinal);

        Assert.StartsWith("spec.containers: Forbidden: pod updates may not add or remove containers",
            Update("", "Pod", Pod(), static pod => pod["spec"]!["containers"]!.AsArray().Add(JsonNode.Parse("""{"name":"d","image":"i","imagePullPolicy":"Always","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","resources":{}}"""))),
            StringComparison.Ordinal);
        Assert.Contains("existing toleration can not be modified", Update("", "Pod", Pod(spec: ""","tolerations":[{"key":"k","operator":"Exists"}]"""), static pod => pod["spec"]!["tolerations"]!.AsArray().RemoveAt(0)), StringComparison.Ordinal);
        Assert.Contains("must be less than or equal to previous value",
            Update("", "Pod", Pod(spec: ""","activeDeadlineSeconds":5"""), static pod => pod["spec"]!["activeDeadlineSeconds"] = 6), StringComparison.Ordinal);
    }

    private static string Workload(string labels = """{"a":"b"}""", string template = "", string spec = "") =>
        $$$"""{"metadata":{"name":"w"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{{{labels}}}},"spec":{"containers":[{"name":"c","image":"i"}]{{{template}}}}}{{{spec}}}}}""";

    [Theory]
    [InlineData("Deployment")]
    [InlineData("ReplicaSet")]
    [InlineData("DaemonSet")]
    public void Workloads_WhoseTemplateDoesNotFit_AreRefused(string kind)
    {
        AssertCreate("apps", kind, Workload());
        AssertCreate("apps", kind, Workload("""{"a":"x"}"""), """spec.template.metadata.labels: Invalid value: map[string]string{"a":"x"}: `selector` does not match template `labels`""");
        AssertCreate("apps", kind, Workload(template: ""","restartPolicy":"Never" """), """spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always" """.Trim());
        AssertCreate("apps", kind, """{"metadata":{"name":"w"},"spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""",
            "spec.selector: Required value");
        Assert.Equal("""spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement{v1.LabelSelectorRequirement{Key:"a", Operator:"Exists", Values:[]string(nil)}}}: field is immutable""",
            Update("apps", kind, Workload(), static tree => tree["spec"]!["selector"]!["matchExpressions"] = JsonNode.Parse("""[{"key":"a","operator":"Exists"}]""")));
    }

    [Theory]
    [InlineData(""","strategy":{"type":"Recreate","rollingUpdate":{"maxSurge":1}}""", "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")]
    [InlineData(""","strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":"0%"}}""",
        """spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0""")]
    [InlineData(""","strategy":{"rollingUpdate":{"maxSurge":"x","maxUnavailable":"101%"}}""", """
        spec.strategy.rollingUpdate.maxSurge: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')
        spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%
        """)]
    [InlineData(""","minReadySeconds":600""", "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds")]
    public void Deployment_Strategy_IsValidated(string spec, string expected) => AssertCreate("apps", "Deployment", Workload(spec: spec), Lines(expected));

    private const string Job = """{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}""";

    [Fact]
    public void Job_Validation_WantsPodsThatEnd_AndFixesItsTemplate()
    {
        AssertCreate("batch", "Job", Job);
        AssertCreate("batch", "Job", Job.Replace("\"restartPolicy\":\"Never\",", "", StringComparison.Ordinal),
            """spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never" """.Trim());
        AssertCreate("batch", "Job", Job.Replace("\"spec\":{\"template\"", "\"spec\":{\"completionMode\":\"Indexed\",\"parallelism\":2,\"template\"", StringComparison.Ordinal),
            "spec.completions: Required value: when completion mode is Indexed");
        Assert.Equal("", Update("batch", "Job", Job, static job => job["spec"]!["parallelism"] = 3));
        Assert.Equal("spec.completions: Invalid value: 5: field is immutable", Update("batch", "Job", Job, static job => job["spec"]!["completions"] = 5));
        Assert.EndsWith("field is immutable", Update("batch", "Job", Job, static job => job["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"completionMode\":\"Indexed\",\"completions\":10,\"backoffLimitPerIndex\":1,\"maxFailedIndexes\":11", "spec.maxFailedIndexes: Invalid value: 11: must be less than or equal to completions")]
    [InlineData("\"completionMode\":\"Indexed\",\"completions\":100001,\"backoffLimitPerIndex\":1", "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000")]
    [InlineData("\"completionMode\":\"Indexed\",\"completions\":100001,\"parallelism\":50000,\"backoffLimitPerIndex\":1,\"maxFailedIndexes\":1",
        "spec.parallelism: Invalid value: 50000: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index")]
    [InlineData("\"managedBy\":\"me\"", "spec.managedBy: Invalid value: \"me\": must be a domain-prefixed path (such as \"acme.io/foo\")")]
    [InlineData("\"managedBy\":\"a.io/b\"", "")]
    public void Job_Counts_AreValidated(string spec, string expected) =>
        AssertCreate("batch", "Job", Job.Replace("\"spec\":{\"template\"", $"\"spec\":{{{spec},\"template\"", StringComparison.Ordinal), expected);

    [Fact]
    public void Job_CopiedFromAnother_IsRefused()
    {
        var copy = Job.Replace("\"template\":{", "\"selector\":{\"matchLabels\":{\"controller-uid\":\"other\"}},\"template\":{\"metadata\":{\"labels\":{\"controller-uid\":\"other\"}},", StringComparison.Ordinal);
        Create(Kind("batch", "Job"), copy, out var error);
        var faults = Faults(error).Split('\n');
        Assert.Equal(2, faults.Length);
        Assert.StartsWith("spec.selector: Invalid value: ", faults[0], StringComparison.Ordinal);
        Assert.EndsWith(": `selector` not auto-generated", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("spec.template.metadata.labels[controller-uid]: Invalid value: map[string]string{", faults[1], StringComparison.Ordinal);
        Assert.EndsWith(": must be 'uid-1'", faults[1], StringComparison.Ordinal);
    }

    private static string Service(string spec) => $$$"""{"metadata":{"name":"s"},"spec":{{{{spec}}}}}""";

    [Theory]
    [InlineData("\"ports\":[{\"port\":80}]", "")]
    [InlineData("\"clusterIP\":\"None\"", "")]
    [InlineData("\"selector\":{\"a\":\"b\"}", "spec.ports: Required value")]
    [InlineData("\"ports\":[{\"port\":80},{\"port\":80,\"name\":\"a\",\"nodePort\":30000}]", """
        spec.ports[0].name: Required value
        spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}
        spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'
        """)]
    [InlineData("\"type\":\"ExternalName\"", "spec.externalName: Required value")]
    [InlineData("\"type\":\"NodePort\",\"clusterIP\":\"None\",\"ports\":[{\"port\":1}]", """spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for NodePort services""")]
    [InlineData("\"ports\":[{\"port\":80,\"targetPort\":\"BAD!\"}],\"clusterIP\":\"10.1\"", """
        spec.clusterIPs[0]: Invalid value: "10.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)
        spec.ports[0].targetPort: Invalid value: "BAD!": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)
        """)]
    [InlineData("\"ports\":[{\"port\":80}],\"externalIPs\":[\"127.0.0.1\"]", """spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)""")]
    public void Service_ByType_IsValidated(string spec, string expected) => AssertCreate("", "Service", Service(spec), Lines(expected));

    [Fact]
    public void ServiceUpdate_OfItsAddress_IsRefused() =>
        Assert.Equal("""spec.clusterIPs[0]: Invalid value: []string{"10.0.0.2"}: may not change once set""",
            Update("", "Service", Service("\"ports\":[{\"port\":80}],\"clusterIP\":\"10.0.0.1\""), static service =>
            {
                service["spec"]!["clusterIP"] = "10.0.0.2";
                service["spec"]!["clusterIPs"] = new JsonArray("10.0.0.2");
            }));

    [Fact]
    public void ConfigMap_KeysSizeAndFreezing_AreValidated()
    {
        AssertCreate("", "ConfigMap", """{"metadata":{"name":"c"},"data":{"a":"1"},"binaryData":{"a":"AA=="}}""",
            """data[a]: Invalid value: "a": duplicate of key present in binaryData""");
        Create(Kind("", "ConfigMap"), """{"metadata":{"name":"c"},"data":{"a b":"1"}}""", out var error);
        Assert.StartsWith("data[a b]: Invalid value: \"a b\": a valid config key must consist of", Faults(error), StringComparison.Ordinal);
        Create(Kind("", "ConfigMap"), $$$"""{"metadata":{"name":"c"},"data":{"a":"{{{new string('x', 1024 * 1024 + 1)}}}"}}""", out var size);
        Assert.Equal("[]: Too long: may not be more than 1048576 bytes", Faults(size));
        Assert.Equal("data: Forbidden: field is immutable when `immutable` is set",
            Update("", "ConfigMap", """{"metadata":{"name":"c"},"immutable":true,"data":{"a":"1"}}""", static map => map["data"]!["a"] = "2"));
    }

    [Fact]
    public void Secret_OfAType_HasItsKeys()
    {
        AssertCreate("", "Secret", """{"metadata":{"name":"s"},"stringData":{"a":"b"}}""");
        AssertCreate("", "Secret", """{"metadata":{"name":"s"},"type":"kubernetes.io/tls","data":{"tls.crt":"AA=="}}""", "data[tls.key]: Required value");
        AssertCreate("", "Secret", """{"metadata":{"name":"s"},"type":"kubernetes.io/dockerconfigjson","stringData":{".dockerconfigjson":"{"}}""",
            """data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input""");
        AssertCreate("", "Secret", """{"metadata":{"name":"s"},"type":"kubernetes.io/dockercfg","stringData":{".dockercfg":"[]"}}""",
            """data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}""");
        AssertCreate("", "Secret", """{"metadata":{"name":"s"},"type":"kubernetes.io/dockercfg","stringData":{".dockercfg":"null"}}""");
        AssertCreate("", "Secret", $$$"""{"metadata":{"name":"s"},"stringData":{"a":"{{{new string('x', 1024 * 1024)}}}","b":"y"}}""", "data: Too long: may not be more than 1048576 bytes");
        Assert.Equal("""type: Invalid value: "x/y": field is immutable""",
            Update("", "Secret", """{"metadata":{"name":"s"}}""", static secret => secret["type"] = "x/y"));
    }

    [Fact]
    public void Endpoints_AndSlices_HaveAddressesThatOthersReach()
    {
        AssertCreate("", "Endpoints", """{"metadata":{"name":"e"},"subsets":[{"ports":[{"port":1}]},{"addresses":[{"ip":"127.0.0.1"},{"ip":"x"}]}]}""",
            "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
            """subsets[1].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)""",
            """subsets[1].addresses[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)""");
        const string Slice = """{"metadata":{"name":"e"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"port":1}]}""";
        AssertCreate("discovery.k8s.io", "EndpointSlice", Slice);
        Assert.Contains("addressType: Invalid value: \"IPv6\": field is immutable",
            Update("discovery.k8s.io", "EndpointSlice", Slice, static slice => slice["addressType"] = "IPv6"), StringComparison.Ordinal);
    }

    [Fact]
    public void Node_Taints_AreUnique_AndTheProviderStays()
    {
        AssertCreate("", "Node", """{"metadata":{"name":"n"},"spec":{"taints":[{"key":"k","effect":"NoSchedule"},{"key":"k","effect":"NoSchedule","value":"v"}]}}""",
            """spec.taints[1]: Duplicate value: core.Taint{Key:"k", Value:"v", Effect:"NoSchedule", TimeAdded:<nil>}: taints must be unique by key and effect pair""");
        Assert.Equal("""spec.providerID: Forbidden: node updates may not change providerID except from "" to valid""",
            Update("", "Node", """{"metadata":{"name":"n"},"spec":{"providerID":"a"}}""", static node => node["spec"]!["providerID"] = "b"));
    }

    [Fact]
    public void Event_OfAnotherNamespaceThanItsObject_IsRefused()
    {
        AssertCreate("", "Event", """{"metadata":{"name":"e"},"involvedObject":{"kind":"Node","name":"n"}}""");
        AssertCreate("", "Event", """{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","namespace":"other"}}""",
            """involvedObject.namespace: Invalid value: "other": does not match event.namespace""");
    }

    [Theory]
    [InlineData("""{"podCIDR":"10.0.0.0/24"}""", "")]
    [InlineData("""{"podCIDRs":["10.0.0.0/24","fd00::/64"]}""", "")]
    [InlineData("""{"podCIDRs":["x"]}""", """spec.podCIDRs[0]: Invalid value: []string{"x"}: must be valid CIDR""")]
    [InlineData("""{"podCIDRs":["10.0.0.0/24","10.0.1.0/24"]}""",
        """spec.podCIDRs: Invalid value: []string{"10.0.0.0/24", "10.0.1.0/24"}: may specify no more than one CIDR for each IP family""")]
    public void Create_NodeRanges_OnePerFamily(string spec, string expected) =>
        AssertCreate("", "Node", $$$"""{"metadata":{"name":"n"},"spec":{{{spec}}}}""", expected.Length == 0 ? [] : [expected]);

    [Fact]
    public void Create_NodeWithOneOfTheRangeFields_HasBoth()
    {
        var old = Create(Kind("", "Node"), """{"metadata":{"name":"n"},"spec":{"podCIDR":"10.0.0.0/24"}}""", out _);
        Assert.Equal("""{"podCIDR":"10.0.0.0/24","podCIDRs":["10.0.0.0/24"]}""", old["spec"]!.ToJsonString());
        var now = Create(Kind("", "Node"), """{"metadata":{"name":"n"},"spec":{"podCIDRs":["10.0.0.0/24","fd00::/64"]}}""", out _);
        Assert.Equal("10.0.0.0/24", (string?)now["spec"]!["podCIDR"]);
    }

    [Theory]
    [InlineData("[]", 1)]
    [InlineData("""["10.0.1.0/24","fd00::/64"]""", 1)]
    [InlineData("""["10.0.1.0/24","fd01::/64"]""", 2)]
    public void Update_NodeRanges_AreFixed(string ranges, int faults)
    {
        var error = Update("", "Node", """{"metadata":{"name":"n"},"spec":{"podCIDRs":["10.0.0.0/24","fd00::/64"]}}""",
            tree => tree["spec"]!["podCIDRs"] = JsonNode.Parse(ranges));
        Assert.Equal(string.Join('\n', Enumerable.Repeat("spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid", faults)), error);
    }

    [Fact]
    public void NamespaceFinalizers_MustBeQualifiedOrStandard()
    {
        const string Fault = "Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified";
        AssertCreate("", "Namespace", """{"metadata":{"name":"n"},"spec":{"finalizers":["mine","a.b/c"]}}""", "spec.finalizers: " + Fault);
        Assert.Equal("spec.finalizers[0]: " + Fault, Update("", "Namespace", """{"metadata":{"name":"n"}}""",
            static tree => tree["spec"]!["finalizers"] = new JsonArray("mine"), "finalize"));
    }

    [Fact]
    public void NamespacePhase_GoesWithTheDeletion() =>
        Assert.Equal("status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty",
            Update("", "Namespace", """{"metadata":{"name":"n"}}""", static tree => tree["status"]!["phase"] = "Terminating", "status"));

    [Fact]
    public void Create_ServiceWithNegativeHealthCheckPort_IsRefused() =>
        AssertCreate("", "Service", """{"metadata":{"name":"s"},"spec":{"healthCheckNodePort":-1,"ports":[{"port":80}]}}""",
            "spec.healthCheckNodePort: Invalid value: -1: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");

    [Fact]
    public void Create_VolumeWithSecretsOfBadNames_IsRefused() =>
        AssertCreate("", "PersistentVolume", """
            {"metadata":{"name":"v"},"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],
             "csi":{"driver":"d.x","volumeHandle":"h","nodeStageSecretRef":{"name":"A_b","namespace":"a.b"}}}}
            """,
            "spec.csi.nodeStageSecretRef.name: Invalid value: \"A_b\": " + ObjectNames.Subdomain("A_b"),
            "spec.csi.nodeStageSecretRef.namespace: Invalid value: \"a.b\": " + ObjectNames.Label("a.b"));
}
