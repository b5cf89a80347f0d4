using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Admission;

/// <summary>What holds for the pod of a template, and what only for a pod.</summary>
public sealed class PodTemplateTests
{
    private const string Fault = "ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true";

    [Fact]
    public async Task StatefulSet_MountsItsClaims()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = await fixture.CreateAsync(ResourceTypes.StatefulSets, "default", """
            {"metadata":{"name":"web"},"spec":{"serviceName":"web","selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
             "spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"www","mountPath":"/www"}]}]}},
             "volumeClaimTemplates":[{"metadata":{"name":"www"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
            """);
        Assert.True(made.Error is null, made.Error?.Message);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(""","hostPort":80""", null)]
    [InlineData(""","hostPort":81""", $"spec.template.spec.containers[0].{Fault}")]
    public async Task HostPort_InATemplate_MayBeLeftOut(string hostPort, string? fault)
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        var made = await fixture.CreateAsync(ResourceTypes.Deployments, "default", $$$$$"""
            {"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
             "spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80{{{{{hostPort}}}}} }]}]}}}}
            """);
        if (fault is null) Assert.True(made.Error is null, made.Error?.Message);
        else Assert.Contains(fault, made.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostPort_OfAPod_IsThatOfTheContainer()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        Task<Orchestrator.Actors.Admission.StoreResult> MakeAsync(string name, string more) => fixture.CreateAsync(ResourceTypes.Pods, "default",
            $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80{{{more}}} }]}]}}""");
        Assert.Equal(80, (int)(await MakeAsync("a", "")).Object!.ToTree()["spec"]!["containers"]![0]!["ports"]![0]!["hostPort"]!);
        Assert.Contains($"spec.containers[0].{Fault}", (await MakeAsync("b", ""","hostPort":81""")).Error!.Message, StringComparison.Ordinal);
    }
}
