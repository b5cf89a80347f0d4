using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Tests.Kubelet;

public sealed class PodWorkerTests
{
    private const string Main = """{"name":"main","image":"any:1","imagePullPolicy":"IfNotPresent"}""";

    private static string Exits(int code, string name = "main") =>
        $$"""{"name":"{{name}}","image":"any:1","command":["exit","{{code}}"]}""";

    [Fact]
    public async Task NewPod_IsRunAndReported()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main));

        await bench.StartAsync();

        Assert.Equal("Running", bench.Phase);
        Assert.True(bench.Container().GetProperty("ready").GetBoolean());
        Assert.StartsWith("hollow://", bench.Container().GetProperty("containerID").GetString());
        Assert.Equal(
            ["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True"],
            bench.Status.GetProperty("conditions").EnumerateArray().Select(c => $"{c.GetProperty("type")}={c.GetProperty("status")}"));
        Assert.Equal(
            ["Normal Pulled Container image \"any:1\" already present on machine", "Normal Created Created container: main", "Normal Started Started container main"],
            bench.Events);
        Assert.Equal("BestEffort", bench.Status.GetProperty("qosClass").GetString());
    }

    [Fact]
    public async Task SimulatedContainer_IsReady_WhateverItsProbesAsk()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(
            """{"name":"main","image":"any:1","startupProbe":{"tcpSocket":{"port":80}},"readinessProbe":{"httpGet":{"port":80}},"livenessProbe":{"httpGet":{"port":80}}}"""));

        await bench.StartAsync();

        Assert.True(bench.Container().GetProperty("ready").GetBoolean());
        Assert.True(bench.Container().GetProperty("started").GetBoolean());
        Assert.Empty(bench.ProbeOrders);
    }

    [Fact]
    public async Task PodThatEnded_KeepsItsAddress_WhateverTheObjectSaysOfIt()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Exits(0), ",\"restartPolicy\":\"Never\""));

        await bench.StartAsync();

        Assert.Equal("Succeeded", bench.Phase);
        var address = bench.Status.GetProperty("podIP").GetString();
        Assert.StartsWith("10.", address, StringComparison.Ordinal);
        // An object that is behind what was reported, and one that is up to date, lead to the same status: nothing is written twice.
        var reports = bench.Reports;
        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Exits(0), ",\"restartPolicy\":\"Never\""))));
        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Exits(0), ",\"restartPolicy\":\"Never\"").Replace(
            "\"phase\":\"Pending\"", $"\"phase\":\"Succeeded\",\"podIP\":\"{address}\",\"nominatedNodeName\":\"n\"", StringComparison.Ordinal))));
        Assert.Equal(reports, bench.Reports);
    }

    [Fact]
    public async Task ReadinessGate_ThatIsNotOpen_IsTold()
    {
        const string spec = ",\"readinessGates\":[{\"conditionType\":\"example.org/a\"},{\"conditionType\":\"example.org/b\"}]";
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, spec).Replace(
            "\"conditions\":[", "\"conditions\":[{\"type\":\"example.org/b\",\"status\":\"False\"},", StringComparison.Ordinal));

        await bench.StartAsync();

        var ready = bench.Status.GetProperty("conditions").EnumerateArray().Single(static c => c.GetProperty("type").GetString() == "Ready");
        Assert.Equal("corresponding condition of pod readiness gate \"example.org/a\" does not exist., the status of pod readiness gate \"example.org/b\" is not \"True\", but False",
            ready.GetProperty("message").GetString());
    }

    [Fact]
    public async Task ContainerThatKeepsFailing_BacksOff_AndCounts()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Exits(1)));

        await bench.StartAsync(); // fails, restarts at once, fails again

        Assert.Equal(1, bench.Container().GetProperty("restartCount").GetInt32());
        var waiting = bench.Container().GetProperty("state").GetProperty("waiting");
        Assert.Equal("CrashLoopBackOff", waiting.GetProperty("reason").GetString());
        Assert.Equal("back-off 10s restarting failed container=main pod=web_default(u-1)", waiting.GetProperty("message").GetString());
        Assert.Equal(1, bench.Container().GetProperty("lastState").GetProperty("terminated").GetProperty("exitCode").GetInt32());
        Assert.Contains("Warning BackOff Back-off restarting failed container main in pod web_default(u-1)", bench.Events);

        var delays = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            delays.Add((bench.Wake!.Value - bench.Clock.Now).TotalSeconds);
            await bench.AdvanceToWakeAsync();
        }
        Assert.Equal([10, 20, 40, 80, 160, 300, 300], delays);
        Assert.Equal(8, bench.Container().GetProperty("restartCount").GetInt32());
        Assert.Equal("Running", bench.Phase);
    }

    [Theory]
    [InlineData("Never", 0, "Succeeded")]
    [InlineData("Never", 3, "Failed")]
    [InlineData("OnFailure", 0, "Succeeded")]
    public async Task PodThatEnds_HasItsPhase_AndLosesItsSandbox(string policy, int code, string phase)
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Exits(code), $$""","restartPolicy":"{{policy}}" """));

        await bench.StartAsync();

        Assert.Equal(phase, bench.Phase);
        Assert.Equal(code, bench.Container().GetProperty("state").GetProperty("terminated").GetProperty("exitCode").GetInt32());
        Assert.Empty(await bench.Runtime.ListSandboxesAsync("node-1", null, default));
        Assert.Single(await bench.Runtime.ListContainersAsync("node-1", null, default)); // kept for its log
    }

    [Fact]
    public async Task InitContainers_RunInOrder_BeforeTheOthers()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, $$""","initContainers":[{{Exits(0, "one")}},{{Exits(0, "two")}}]"""));

        await bench.StartAsync();

        Assert.Equal("Running", bench.Phase);
        Assert.Equal(["one", "two", "main"], bench.Journal.OfType<ContainerStarted>().Select(s => s.Container));
        Assert.Equal("Completed", bench.Container(1, "initContainerStatuses").GetProperty("state").GetProperty("terminated").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task InitContainerThatFails_WithPolicyNever_FailsThePod()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, $$""","restartPolicy":"Never","initContainers":[{{Exits(2, "one")}}]"""));

        await bench.StartAsync();

        Assert.Equal("Failed", bench.Phase);
        Assert.DoesNotContain(bench.Journal.OfType<ContainerStarted>(), s => s.Container == "main");
    }

    [Fact]
    public async Task DeletedPod_IsStoppedAndFinished()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main));
        await bench.StartAsync();

        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Main, "",
            ""","deletionTimestamp":"2026-01-02T03:04:35Z","deletionGracePeriodSeconds":30"""))));

        Assert.True(bench.IsFinished);
        Assert.Contains("Normal Killing Stopping container main", bench.Events);
        Assert.Empty(await bench.Runtime.ListContainersAsync("node-1", null, default));
        Assert.Empty(await bench.Runtime.ListSandboxesAsync("node-1", null, default));
    }

    [Fact]
    public async Task MissingConfigMapKey_HoldsTheContainer_UntilItIsThere()
    {
        var container = """{"name":"main","image":"any:1","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"conf","key":"a"}}}]}""";
        using var bench = new WorkerBench(WorkerBench.PodJson(container));

        await bench.StartAsync();

        var waiting = bench.Container().GetProperty("state").GetProperty("waiting");
        Assert.Equal(("CreateContainerConfigError", "configmap \"conf\" not found"),
            (waiting.GetProperty("reason").GetString(), waiting.GetProperty("message").GetString()));
        Assert.Contains("Warning Failed Error: configmap \"conf\" not found", bench.Events);
        Assert.Equal("Pending", bench.Phase);

        bench.Config.Put(ResourceTypes.ConfigMaps, """{"kind":"ConfigMap","metadata":{"name":"conf","namespace":"default"},"data":{"a":"1"}}""");
        await bench.SendAsync(new ConfigChanged(ResourceTypes.ConfigMaps, new ObjectKey("default", "conf")));
        Assert.Equal("Running", bench.Phase);
    }

    [Fact]
    public async Task NewKubelet_AdoptsWhatRuns_WithoutRestartingIt()
    {
        using var first = new WorkerBench(WorkerBench.PodJson(Main));
        await first.StartAsync();
        var id = first.Container().GetProperty("containerID").GetString();

        using var second = new WorkerBench(WorkerBench.PodJson(Main), first.Runtime, first.Journal);
        await second.SendAsync(new RuntimeListed(
            await first.Runtime.ListSandboxesAsync("node-1", null, default), await first.Runtime.ListContainersAsync("node-1", null, default)));

        Assert.Equal("Running", second.Phase);
        Assert.Equal(id, second.Container().GetProperty("containerID").GetString());
        Assert.Equal(0, second.Container().GetProperty("restartCount").GetInt32());
        Assert.Equal(first.Journal, second.Journal);
        Assert.Empty(second.Events);
    }

    [Fact]
    public async Task NewKubelet_WithoutItsJournal_AdoptsByLabels()
    {
        using var first = new WorkerBench(WorkerBench.PodJson(Main));
        await first.StartAsync();

        using var second = new WorkerBench(WorkerBench.PodJson(Main), first.Runtime);
        await second.SendAsync(new RuntimeListed(
            await first.Runtime.ListSandboxesAsync("node-1", null, default), await first.Runtime.ListContainersAsync("node-1", null, default)));

        Assert.Equal("Running", second.Phase);
        Assert.True(second.Container().GetProperty("ready").GetBoolean());
        Assert.Equal(first.Container().GetProperty("containerID").GetString(), second.Container().GetProperty("containerID").GetString());
    }

    [Fact]
    public async Task NewKubelet_WhenAContainerVanished_RestartsItAndCounts()
    {
        using var first = new WorkerBench(WorkerBench.PodJson(Main));
        await first.StartAsync();

        using var second = new WorkerBench(WorkerBench.PodJson(Main), first.Runtime, first.Journal);
        await first.Runtime.RemoveContainerAsync(Assert.Single(await first.Runtime.ListContainersAsync("node-1", null, default)).Id, default);
        await second.SendAsync(new RuntimeListed(await first.Runtime.ListSandboxesAsync("node-1", null, default), []));

        Assert.Equal(1, second.Container().GetProperty("restartCount").GetInt32());
        Assert.Equal("ContainerStatusUnknown",
            second.Container().GetProperty("lastState").GetProperty("terminated").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task ActiveDeadline_EndsThePod()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, ""","activeDeadlineSeconds":5"""));
        await bench.StartAsync();
        Assert.Equal("Running", bench.Phase);

        await bench.AdvanceToWakeAsync();

        Assert.Equal(("Failed", "DeadlineExceeded"), (bench.Phase, bench.Status.GetProperty("reason").GetString()));
        Assert.All(await bench.Runtime.ListContainersAsync("node-1", null, default), c => Assert.Equal(ContainerPhase.Exited, c.Phase));
    }

    [Fact]
    public async Task ChangedImage_RestartsTheContainer()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main));
        await bench.StartAsync();

        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Main.Replace("any:1", "any:2", StringComparison.Ordinal)))));

        Assert.Equal(("any:2", 1), (bench.Container().GetProperty("image").GetString(), bench.Container().GetProperty("restartCount").GetInt32()));
        Assert.Contains("Normal Killing Container main definition changed, will be restarted", bench.Events);
    }
}
