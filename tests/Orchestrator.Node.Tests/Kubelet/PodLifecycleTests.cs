using System.Collections.Immutable;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>What users see of hooks, probes, endings and volumes, as a kubelet of Kubernetes has it.</summary>
public sealed class PodLifecycleTests
{
    private const string Main = """{"name":"main","image":"any:1","imagePullPolicy":"IfNotPresent"}""";
    private const string Deletion = ""","deletionTimestamp":"2026-01-02T03:04:35Z","deletionGracePeriodSeconds":30""";

    private readonly FakeClock _clock = new();
    private readonly ScriptedRuntime _runtime;

    public PodLifecycleTests() => _runtime = new ScriptedRuntime(_clock);

    private static PodUpdated Deleted(string container, string spec = "") => new(WorkerBench.Read(WorkerBench.PodJson(container, spec, Deletion)));

    private static string Exits(int code, string name = "main") => $$"""{"name":"{{name}}","image":"any:1","command":["exit","{{code}}"]}""";

    private static string LogId(WorkerBench bench, bool previous) => bench.Worker.IdOf(bench.Worker.Pod.Containers[0], previous)!;

    [Theory]
    [InlineData(Main, "Failed")] // it was stopped
    [InlineData("""{"name":"main","image":"any:1","command":["exit","0"]}""", "Succeeded")]
    public async Task DeletedPod_EndsInATerminalPhase(string container, string phase)
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(container));
        await bench.StartAsync();
        Assert.Equal("Running", bench.Phase);

        await bench.SendAsync(Deleted(container));

        Assert.Equal(phase, bench.Phase);
    }

    [Fact]
    public async Task PodThatNeverBegan_IsFailed_WhenItIsDeleted()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson("""{"name":"main","image":"any:1","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"no","key":"a"}}}]}"""));
        await bench.StartAsync();
        Assert.Equal("Pending", bench.Phase);

        await bench.SendAsync(Deleted(Main));

        Assert.Equal("Failed", bench.Phase);
    }

    [Fact]
    public async Task PodWithASidecar_HasEnded_OnceThatHasToo()
    {
        var stops = new TaskCompletionSource();
        _runtime.StopsWhen = stops.Task;
        using var bench = new WorkerBench(WorkerBench.PodJson(Exits(0), """
            ,"restartPolicy":"Never","initContainers":[{"name":"helper","image":"any:1","restartPolicy":"Always"}]
            """), _runtime);

        var begun = bench.StartAsync();
        await Until(() => !_runtime.Stops.IsEmpty);
        await Until(() => bench.Container().GetProperty("state").TryGetProperty("terminated", out _));
        Assert.Equal("Running", bench.Phase);
        stops.SetResult();
        await begun;

        Assert.Equal("Succeeded", bench.Phase);
    }

    [Fact]
    public async Task PodPastItsDeadline_HasFailed_OnceNothingOfItRuns()
    {
        var stops = new TaskCompletionSource();
        _runtime.StopsWhen = stops.Task;
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, ""","activeDeadlineSeconds":5"""), _runtime);
        await bench.StartAsync();

        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        var ended = bench.SendAsync(new PodWake());
        Assert.Equal("Running", bench.Phase);
        Assert.False(bench.Status.TryGetProperty("reason", out _));
        stops.SetResult();
        await ended;

        Assert.Equal(("Failed", "DeadlineExceeded"), (bench.Phase, bench.Status.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task LogsOfTheContainerBefore_AreThoseOfTheOneThatEndedLast_WhileItWaitsToStartAgain()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Exits(1)));
        await bench.StartAsync(); // ends, starts at once, ends, and waits
        var ids = bench.Journal.OfType<ContainerStarted>().Select(static s => s.Id).ToList();
        Assert.Equal(2, ids.Count);

        Assert.Equal((ids[1], ids[1]), (LogId(bench, previous: true), LogId(bench, previous: false)));
    }

    [Fact]
    public async Task LogsOfTheContainerBefore_AreThoseOfTheOneBefore_WhileOneRuns()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main), _runtime);
        await bench.StartAsync();
        Assert.Null(bench.Worker.IdOf(bench.Worker.Pod.Containers[0], previous: true));
        var first = LogId(bench, previous: false);

        await _runtime.EndAsync(first);
        await bench.SendAsync();

        Assert.Equal(first, LogId(bench, previous: true));
        Assert.NotEqual(first, LogId(bench, previous: false));
    }

    [Fact]
    public async Task EndThatIsTold_WhileOthersAreStillLaunched_IsNotForgotten()
    {
        var slow = new TaskCompletionSource();
        var started = new List<string>();
        _runtime.OnStarted = id =>
        {
            started.Add(id);
            return started.Count == 2 ? slow.Task : Task.CompletedTask;
        };
        using var bench = new WorkerBench(WorkerBench.PodJson($$"""{{Main}},{"name":"second","image":"any:1"}""", ""","restartPolicy":"Never" """), _runtime);

        var begun = bench.StartAsync();
        await Until(() => started.Count == 2);
        await _runtime.EndAsync(started[1]); // its launch is not over yet, and that of the first ends meanwhile
        await Until(() => bench.Container(0).GetProperty("state").TryGetProperty("running", out _));
        slow.SetResult();
        await begun;

        Assert.True(bench.Container(1).GetProperty("state").TryGetProperty("terminated", out _));
    }

    [Fact]
    public async Task EngineThatDoesNotAnswer_IsAskedAgain_HowAContainerEnded()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, ""","restartPolicy":"Never" """), _runtime);
        await bench.StartAsync();
        var failures = 0;
        _runtime.OnInspect = () =>
        {
            if (failures++ == 0) throw new IOException("the engine does not answer");
        };

        await _runtime.EndAsync(LogId(bench, previous: false));
        await bench.SendAsync();

        Assert.Equal("Failed", bench.Phase);
    }

    [Fact]
    public async Task ContainerWhosePostStartHookRuns_IsStoppedLikeOthers_WhenThePodIsDeleted()
    {
        const string container = """
            {"name":"main","image":"any:1","lifecycle":{"postStart":{"exec":{"command":["start"]}},"preStop":{"exec":{"command":["stop"]}}}}
            """;
        var commands = new List<string>();
        _runtime.OnExec = async (request, token) =>
        {
            lock (commands) commands.Add(request.Command[0]);
            if (request.Command[0] == "start") await Task.Delay(Timeout.Infinite, token);
            return 0;
        };
        using var bench = new WorkerBench(WorkerBench.PodJson(container), _runtime);
        var begun = bench.StartAsync();
        await Until(() => commands.Count == 1);

        bench.Post(Deleted(container));
        await begun;

        Assert.Equal(["start", "stop"], commands);
        Assert.Equal(TimeSpan.FromSeconds(30), Assert.Single(_runtime.Stops).Grace);
        Assert.True(bench.IsFinished);
    }

    [Fact]
    public async Task FailedPostStartHook_EndsTheContainer_AsAnyOther()
    {
        var commands = new List<string>();
        _runtime.OnExec = (request, _) =>
        {
            lock (commands) commands.Add(request.Command[0]);
            return Task.FromResult(request.Command[0] == "start" ? 1 : 0);
        };
        using var bench = new WorkerBench(WorkerBench.PodJson("""
            {"name":"main","image":"any:1","lifecycle":{"postStart":{"exec":{"command":["start"]}},"preStop":{"exec":{"command":["stop"]}}}}
            """, ""","restartPolicy":"Never" """), _runtime);

        await bench.StartAsync();

        Assert.Equal(["start", "stop"], commands);
        Assert.Contains("Warning FailedPostStartHook PostStartHook failed", bench.Events);
        Assert.Contains("Normal Killing FailedPostStartHook", bench.Events);
        Assert.DoesNotContain(bench.Journal, static e => e is ContainerStartupFinished);
        Assert.True(bench.Container().GetProperty("state").TryGetProperty("terminated", out _));
    }

    [Fact]
    public async Task PodThatIsStopped_IsAskedOnlyWhetherItIsReady()
    {
        const string container = """{"name":"main","image":"any:1","livenessProbe":{"tcpSocket":{"port":80}},"readinessProbe":{"tcpSocket":{"port":80}}}""";
        var stops = new TaskCompletionSource();
        _runtime.StopsWhen = stops.Task;
        using var bench = new WorkerBench(WorkerBench.PodJson(container), _runtime);
        await bench.StartAsync();
        Assert.Equal([ProbeKind.Liveness, ProbeKind.Readiness], bench.ProbeOrders.Select(static p => p.Kind));

        var deleted = bench.SendAsync(Deleted(container));

        Assert.Equal([ProbeKind.Readiness], bench.ProbeOrders.Select(static p => p.Kind));
        stops.SetResult();
        await deleted;
        Assert.Empty(bench.ProbeOrders);
    }

    [Fact]
    public async Task ContainerForWhichNoGraceIsLeft_GetsALittle()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main), _runtime);
        await bench.StartAsync();

        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Main, "", Deletion.Replace("30", "0", StringComparison.Ordinal)))));

        Assert.Equal(TimeSpan.FromSeconds(2), Assert.Single(_runtime.Stops).Grace);
    }

    [Theory]
    [InlineData("31536000")] // a year: what long jobs are given
    [InlineData("9223372036854775807")]
    public async Task PodWithAVeryLongGrace_IsStoppedAsAnyOther(string seconds)
    {
        var commands = new List<string>();
        _runtime.OnExec = (request, _) =>
        {
            lock (commands) commands.Add(request.Command[0]);
            return Task.FromResult(0);
        };
        const string container = """
            {"name":"main","image":"any:1","livenessProbe":{"tcpSocket":{"port":80},"terminationGracePeriodSeconds":9223372036854775807},
             "lifecycle":{"preStop":{"exec":{"command":["stop"]}}}}
            """;
        var spec = $",\"terminationGracePeriodSeconds\":{seconds}";
        using var bench = new WorkerBench(WorkerBench.PodJson(container, spec), _runtime);
        await bench.StartAsync();

        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(container, spec, Deletion.Replace("30", seconds, StringComparison.Ordinal)))));

        Assert.Equal(["stop"], commands);
        Assert.True(bench.IsFinished);
    }

    [Fact]
    public async Task MessageFromTheLog_IsItsEnd()
    {
        _runtime.Log = string.Concat(Enumerable.Range(0, 200).Select(static i => $"line {i} {new string('x', 90)}\n")) + "the cause\n";
        using var bench = new WorkerBench(WorkerBench.PodJson("""
            {"name":"main","image":"any:1","command":["exit","1"],"terminationMessagePolicy":"FallbackToLogsOnError"}
            """, ""","restartPolicy":"Never" """), _runtime);

        await bench.StartAsync();

        var message = bench.Container().GetProperty("state").GetProperty("terminated").GetProperty("message").GetString()!;
        Assert.Equal(2048, message.Length);
        Assert.EndsWith("the cause\n", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EphemeralContainer_Starts_ThoughTheInitContainersAreNotDone()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, """
            ,"initContainers":[{"name":"stuck","image":"any:1"}],"ephemeralContainers":[{"name":"debug","image":"any:1"}]
            """));

        await bench.StartAsync();

        Assert.Equal("Pending", bench.Phase);
        Assert.True(bench.Container(0, "ephemeralContainerStatuses").GetProperty("state").TryGetProperty("running", out _));
    }

    [Fact]
    public async Task SandboxThatEnded_IsReplaced_EvenIfItsRemovalFailsAtFirst()
    {
        using var bench = new WorkerBench(WorkerBench.PodJson(Main), _runtime);
        await bench.StartAsync();
        var sandbox = bench.Worker.Run.Sandbox!.Id;
        var failures = 0;
        _runtime.OnRemoveSandbox = () =>
        {
            if (failures++ == 0) throw new IOException("the engine does not answer");
        };

        await bench.SendAsync(new ContainerExitHint(sandbox));
        Assert.Contains("Warning FailedKillPod error killing pod: the engine does not answer", bench.Events);
        await bench.AdvanceToWakeAsync();

        Assert.NotEqual(sandbox, bench.Worker.Run.Sandbox!.Id);
        Assert.Equal(1, bench.Container().GetProperty("restartCount").GetInt32());
    }

    [Fact]
    public async Task ChangeOfAVolume_ThatComesWhileItIsPrepared_IsNotLost()
    {
        var volumes = new CountedVolumes();
        const string spec = ""","volumes":[{"name":"v","configMap":{"name":"conf"}}]""";
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, spec), _runtime, volumes: volumes);
        await bench.StartAsync();
        Assert.Equal(1, volumes.Prepared);

        await bench.SendAsync(new ConfigChanged(ResourceTypes.ConfigMaps, new ObjectKey("default", "other")));
        await bench.SendAsync(new ConfigChanged(ResourceTypes.Secrets, new ObjectKey("default", "conf")));
        Assert.Equal(1, volumes.Prepared); // they are none of its business

        var changed = new ConfigChanged(ResourceTypes.ConfigMaps, new ObjectKey("default", "conf"));
        await bench.SendAsync(changed, changed, changed);
        Assert.Equal(3, volumes.Prepared); // one began at once, and the others wait for its end together

        volumes.Fails = true;
        await bench.SendAsync(changed);
        volumes.Fails = false;
        await bench.AdvanceToWakeAsync();
        Assert.Equal(5, volumes.Prepared);

        await bench.SendAsync(new ConfigMissed());
        Assert.Equal(6, volumes.Prepared);
    }

    [Fact]
    public async Task DownwardVolume_FollowsTheLabels()
    {
        var volumes = new CountedVolumes();
        const string spec = ""","volumes":[{"name":"v","downwardAPI":{"items":[{"path":"l","fieldRef":{"fieldPath":"metadata.labels"}}]}}]""";
        using var bench = new WorkerBench(WorkerBench.PodJson(Main, spec), _runtime, volumes: volumes);
        await bench.StartAsync();

        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Main, spec))));
        Assert.Equal(1, volumes.Prepared);
        await bench.SendAsync(new PodUpdated(WorkerBench.Read(WorkerBench.PodJson(Main, spec, ""","labels":{"a":"b"}"""))));

        Assert.Equal(2, volumes.Prepared);
    }

    private static async Task Until(Func<bool> holds)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds()) await Task.Delay(5, timeout.Token);
    }

    private sealed class CountedVolumes : IPodVolumes
    {
        private readonly NoVolumes _none = new();

        public int Prepared { get; private set; }

        public bool Fails { get; set; }

        public async Task<ImmutableDictionary<string, string>> PrepareAsync(PodManifest pod, IConfigSource source, PodPlace place, CancellationToken cancellationToken)
        {
            Prepared++;
            await Task.Yield();
            if (Fails) throw new RuntimeFailureException("FailedMount", "not now");
            return ImmutableDictionary<string, string>.Empty;
        }

        public ImmutableArray<ContainerMount> MountsOf(
            PodManifest pod, ContainerManifest container, int attempt, ImmutableDictionary<string, string> volumes, Func<string, string?> variables) =>
            _none.MountsOf(pod, container, attempt, volumes, variables);

        public string TerminationMessage(string podUid, string container, int attempt) => "";

        public Task RemoveAsync(string podUid, CancellationToken cancellationToken) => Task.CompletedTask;

        public ImmutableArray<string> KnownPods() => [];
    }
}
