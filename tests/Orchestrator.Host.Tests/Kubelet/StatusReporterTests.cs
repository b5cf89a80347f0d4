using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Admission;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Host.Tests.Kubelet;

public sealed class StatusReporterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly ObjectKey Web = new("default", "web");

    private const string Own = """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}""";

    [Fact]
    public async Task ConditionThatSomebodyAddsMeanwhile_IsNotLost()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var pod = await fixture.BindAsync("web", "n1");
        var attempts = 0;
        fixture.Registries.BeforeWrite = (_, writes) =>
        {
            // Between the reading and the writing of the kubelet, and only the first time.
            if (writes[0] is ReplaceStatus { Manager: "kubelet" } && attempts++ == 0) Add(fixture, "example.org/gate");
            return null;
        };
        await using var reporter = new StatusReporter(fixture.Registries, TimeProvider.System, 1);
        reporter.Report(Web, pod.Meta.Uid, "n1", Encoding.UTF8.GetBytes(Own));
        await RunningAsync(fixture);
        Assert.Equal("Ready PodScheduled example.org/gate", string.Join(' ', Conditions(fixture)));
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task StatusOfAPod_ThatWasMadeAnewByTheSameName_IsDropped()
    {
        var fixture = await StoreFixture.WithNamespaceAsync();
        await fixture.PodAsync("web");
        var pod = await fixture.BindAsync("web", "n1");
        await using var reporter = new StatusReporter(fixture.Registries, TimeProvider.System, 1);
        reporter.Report(Web, "of-one-before", "n1", """{"phase":"Failed"}"""u8.ToArray());
        reporter.Report(Web, pod.Meta.Uid, "n1", Encoding.UTF8.GetBytes(Own));
        await RunningAsync(fixture);
    }

    private static async Task RunningAsync(StoreFixture fixture)
    {
        var pods = await fixture.Registries.InformerAsync(ResourceTypes.Pods);
        using var timeout = new CancellationTokenSource(Patience);
        while ((string?)pods.Get(Web)!.ToTree()["status"]!["phase"] != "Running") await pods.WaitForAsync(pods.Revision + 1, timeout.Token);
    }

    private static ImmutableArray<string?> Conditions(StoreFixture fixture)
    {
        var pod = fixture.Registries.Informers.Single(static i => i.Type == ResourceTypes.Pods).Get(Web)!;
        return [.. pod.ToTree()["status"]!["conditions"]!.AsArray().Select(static c => (string?)c!["type"])];
    }

    private static void Add(StoreFixture fixture, string condition)
    {
        var added = fixture.Store.PatchAsync(fixture.Store.SchemaOf(ResourceTypes.Pods), Web, tree =>
        {
            tree["status"]!["conditions"]!.AsArray().Add(new JsonObject { ["type"] = condition, ["status"] = "True" });
            return (tree, null);
        }, "status");
        // The registries are in memory: it is written when the call returns, and nothing waits here.
        Assert.True(added.IsCompletedSuccessfully);
        Assert.Null(added.Result.Error);
    }
}
