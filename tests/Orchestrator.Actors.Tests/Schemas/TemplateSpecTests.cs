using System.Text;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Tests.Admission;

namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>What pods of one template share makes no difference: each is stored, refused and remarked on as one that comes alone.</summary>
public sealed class TemplateSpecTests
{
    /// <summary>The text is kept when it comes again, and what admission makes of it with the next, so from the fourth on all is known.</summary>
    private const int Times = 5;

    private static readonly ResourceSchema Pods = SchemaCatalog.BuiltIn.Find(ResourceTypes.Pods)!;

    public static TheoryData<string> Specs =>
    [
        """{"containers":[{"name":"c","image":"i"}]}""",
        """{ "containers" : [ {"name":"c","image":"i:1","resources":{"limits":{"cpu":"0.5","memory":"1Gi"}},"ports":[{"containerPort":80,"name":"http"}]} ], "nodeSelector":{"beta.kubernetes.io/os":"linux"} }""",
        """{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}],"initContainers":[{"name":"i","image":"i:latest","restartPolicy":"Always"}]}""",
        """{"priorityClassName":"system-node-critical","serviceAccountName":"default","tolerations":[{"operator":"Exists"}],"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"é\n"}]}]}""",
        """{"automountServiceAccountToken":false,"volumes":[{"name":"e"},{"name":"own","ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1G"}}}}}}],"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"own","mountPath":"/x"}]}]}""",
        """{"schedulingGates":[{"name":"a.b/c"}],"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}]}}},"containers":[{"name":"c","image":"i"}]}""",
        """{"volumes":null,"restartPolicy":"","containers":[{"name":"c","image":"i","args":[],"env":null,"resources":{}}]}""",
        """{"volumes":[{"name":"kube-api-access-given","emptyDir":{}}],"containers":[{"name":"c","image":"i"}]}""",
        """{"containers":[{"name":"c","image":"i","memory":"1Gi"}]}""",
        """{"containers":[{"name":"c","image":"i"}],"containers":[{"name":"d","image":"i"}]}""",
        """{"containers":[{"name":"C_","image":""}],"restartPolicy":"Sometimes"}""",
        """{"containers":[{"name":"c","image":1}]}""",
        """{"containers":[{"name":"c","image":"\ud800"}]}""",
        "{}",
        "null",
        "1",
    ];

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task Objects_OfOneTemplate_AreAsIfEachCameAlone(string spec)
    {
        string[] bodies =
        [
            """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"b"}},"spec":SPEC}""",
            """{"spec":SPEC,"metadata":{"name":"p","annotations":{"scheduler.alpha.kubernetes.io/critical-pod":""}}}""",
            """{"metadata":{"name":"p_"},"spec":SPEC,"status":{"phase":"Running"}}""",
            """{"metadata":{"name":"p","color":"red"},"spec":SPEC,"more":1}""",
            """{"metadata":{"generateName":"p-","managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:hostname":{}}}}]},"spec":SPEC}""",
            """{"metadata":{"name":"p"},"spec":SPEC,"spec":SPEC}""",
            """{"metadata":{"name":"p"},"spec":SPEC} x""",
            """{"metadata":{"name":"p"},"spec":SPEC,""",
            $$$"""{"metadata":{"name":"p"},"spec":SPEC,"deep":{{{new string('[', ObjectJson.DepthMax)}}}{{{new string(']', ObjectJson.DepthMax)}}}}""",
            "\uFEFF" + """{"metadata":{"name":"p"},"spec":SPEC}""",
        ];
        foreach (var (body, validation) in bodies.SelectMany(static b => Enum.GetValues<FieldValidation>().Select(v => (b, v))))
        {
            var text = body.Replace("SPEC", spec, StringComparison.Ordinal);
            var alone = await CreateAsync(text, validation, dryRun: false, shared: false);
            Assert.Equal(alone, await CreateAsync(text, validation, dryRun: true, shared: true));
            for (var time = 1; time <= Times; time++) Assert.Equal(alone, await CreateAsync(text, validation, dryRun: false, shared: true));
        }
    }

    [Fact]
    public async Task Spec_ThatAdmissionMakesDifferentEachTime_StaysSo()
    {
        var count = 0;
        var fixture = new StoreFixture();
        var store = new ResourceStore(fixture.Registries, () => SchemaCatalog.BuiltIn, fixture.Clock, fixture.Identities,
            new AdmissionPipeline([new Changing(spec => spec["hostname"] = $"h-{(count++ % 3 == 0 ? count : 0)}")]));
        for (var i = 0; i < 40; i++)
        {
            var tree = ObjectDecoder.DecodeNew(Pods, Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"p-{{{i}}}"},"spec":{"containers":[{"name":"changing","image":"i"}]}}"""), FieldValidation.Strict).Tree!;
            var made = await store.CreateAsync(Pods, "default", tree);
            Assert.Equal($"h-{(i % 3 == 0 ? i + 1 : 0)}", (string?)made.Object!.ToTree()["spec"]!["hostname"]);
        }
    }

    [Fact]
    public async Task Spec_BecomesInvalidInOneNamespace_AndIsValidInTheOther()
    {
        var fixture = new StoreFixture();
        var store = new ResourceStore(fixture.Registries, () => SchemaCatalog.BuiltIn, fixture.Clock, fixture.Identities, new AdmissionPipeline([new Changing(null)]));
        for (var i = 0; i < 12; i++)
        {
            var ns = i % 2 == 0 ? "good" : "bad";
            var tree = ObjectDecoder.DecodeNew(Pods, Encoding.UTF8.GetBytes($$$"""{"metadata":{"name":"p-{{{i}}}"},"spec":{"containers":[{"name":"two-namespaces","image":"i"}]}}"""), FieldValidation.Strict).Tree!;
            var made = await store.CreateAsync(Pods, ns, tree);
            Assert.Equal(ns == "good", made.Error is null);
            if (made.Error is { } error) Assert.Contains("spec.hostname: Invalid value: \"Bad_\"", error.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<string> CreateAsync(string body, FieldValidation validation, bool dryRun, bool shared)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var utf8 = Encoding.UTF8.GetBytes(body);
        var decoded = shared ? ObjectDecoder.DecodeNew(Pods, utf8, validation) : ObjectDecoder.Decode(Pods, utf8, validation);
        if (decoded.Tree is null) return decoded.Error!.ToString();
        var notes = new AdmissionNotes();
        var made = await fixture.Store.CreateAsync(Pods, "default", decoded.Tree, new WriteOptions { Notes = notes, FieldManager = "test", DryRun = dryRun });
        return string.Join('\n', [.. decoded.Warnings, .. notes.Warnings, made.Error?.ToString() ?? WithoutVersion(made.Object!)]);
    }

    // A trial has none.
    private static string WithoutVersion(StoredObject o)
    {
        var tree = o.ToTree();
        tree["metadata"]!.AsObject().Remove("resourceVersion");
        return tree.ToJsonString();
    }

    private sealed class Changing(Action<JsonObject>? change) : IAdmissionPlugin
    {
        public string Name => "Changing";

        public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
        {
            var spec = (JsonObject)request.Object!["spec"]!;
            if (change is not null) change(spec);
            else if (request.Key.Namespace == "bad") spec["hostname"] = "Bad_";
            return ValueTask.FromResult<ApiError?>(null);
        }
    }
}
