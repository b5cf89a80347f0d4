using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;
using Orchestrator.Node.Runtime;
using Orchestrator.Node.Runtime.Hollow;
using Orchestrator.Node.Volumes;

namespace Orchestrator.Node.Tests.Kubelet;

/// <summary>A clock that only the test moves.</summary>
internal sealed class FakeClock : TimeProvider
{
    public DateTimeOffset Now { get; private set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => Now += time;
}

internal sealed class FakeConfig : IConfigSource
{
    public Dictionary<(ResourceType, ObjectKey), StoredObject> Objects { get; } = [];

    public StoredObject? Find(ResourceType type, ObjectKey key) => Objects.GetValueOrDefault((type, key));

    public ImmutableArray<StoredObject> Services(string @namespace) => [];

    public void Put(ResourceType type, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var meta = ObjectMeta.Parse(bytes);
        var key = new ObjectKey(meta.Namespace, meta.Name);
        Objects[(type, key)] = new StoredObject(key, Objects.Count + 1, bytes);
    }
}

/// <summary>A pod's worker with a journal in memory, the simulated runtime, and a clock that stands still.</summary>
internal sealed class WorkerBench : IPodWorkerHost, IPodEventSink, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<PodWorkerMessage> _mailbox = Channel.CreateUnbounded<PodWorkerMessage>();
    private CancellationTokenSource _stop = new();
    private int _running;

    public WorkerBench(string pod, IContainerRuntime? runtime = null, IEnumerable<PodRunEvent>? journal = null, IPodVolumes? volumes = null)
    {
        Runtime = runtime ?? new HollowContainerRuntime(Clock);
        Journal = [.. journal ?? [new PodAccepted(Clock.Now)]];
        var manifest = Read(pod);
        var operations = new PodOperations(Runtime, volumes ?? new NoVolumes(), Config, this, new ProbeRunner(Runtime), Clock);
        var run = Journal.Aggregate(PodRunState.Empty, (state, e) => state.Apply(e));
        Identity = new PodIdentity("node-1", manifest.Meta.Namespace, manifest.Meta.Name, manifest.Meta.Uid, 1);
        Worker = new PodWorker(this, operations, this, Clock, Identity, manifest, run, new PodPlace("node-1", "192.0.2.1", ""));
        _ = Runtime.WatchExitsAsync("node-1", id =>
        {
            Interlocked.Increment(ref _running);
            _mailbox.Writer.TryWrite(new ContainerExitHint(id));
        }, default);
    }

    public FakeClock Clock { get; } = new();

    public FakeConfig Config { get; } = new();

    public IContainerRuntime Runtime { get; }

    public PodIdentity Identity { get; }

    public PodWorker Worker { get; }

    public List<PodRunEvent> Journal { get; }

    public List<string> Events { get; } = [];

    public DateTimeOffset? Wake { get; private set; }

    public ImmutableArray<ProbeOrder> ProbeOrders { get; private set; } = [];

    public bool IsFinished { get; private set; }

    public JsonElement Status { get; private set; }

    /// <summary>How many statuses were reported.</summary>
    public int Reports { get; private set; }

    public string Phase => Status.GetProperty("phase").GetString()!;

    public JsonElement Container(int index = 0, string list = "containerStatuses") => Status.GetProperty(list)[index];

    public static PodManifest Read(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var meta = ObjectMeta.Parse(bytes);
        return PodManifestReader.Read(new StoredObject(new ObjectKey(meta.Namespace, meta.Name), 1, bytes));
    }

    /// <summary>A pod of one container; <paramref name="spec"/> and <paramref name="metadata"/> are more fields of it.</summary>
    public static string PodJson(string container, string spec = "", string metadata = "") =>
        $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default","uid":"u-1"{{{metadata}}}},"spec":{"nodeName":"node-1","containers":[{{{container}}}]{{{spec}}}},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}""";

    public Task StartAsync() => SendAsync(new RuntimeListed([], []));

    /// <summary>Hands over a message and lets the worker go on until nothing is under way.</summary>
    public async Task SendAsync(params PodWorkerMessage[] messages)
    {
        foreach (var message in messages) Worker.Receive(message);
        using var timeout = new CancellationTokenSource(Patience);
        while (Volatile.Read(ref _running) > 0 || _mailbox.Reader.Count > 0)
        {
            var message = await _mailbox.Reader.ReadAsync(timeout.Token);
            Interlocked.Decrement(ref _running);
            Worker.Receive(message);
        }
    }

    /// <summary>Puts a message behind those that a hand-over in progress still waits for.</summary>
    public void Post(PodWorkerMessage message)
    {
        Interlocked.Increment(ref _running);
        _mailbox.Writer.TryWrite(message);
    }

    public async Task AdvanceToWakeAsync()
    {
        Assert.NotNull(Wake);
        Clock.Advance(Wake.Value - Clock.Now);
        await SendAsync(new PodWake());
    }

    public void Persist(ImmutableArray<PodRunEvent> events, Action stored)
    {
        Journal.AddRange(events);
        stored();
    }

    public void Run(string subject, Func<CancellationToken, Task<PodWorkerMessage>> work, bool cancelOnStop)
    {
        Interlocked.Increment(ref _running);
        _ = RunAsync(subject, work, cancelOnStop ? _stop.Token : default);
    }

    private async Task RunAsync(string subject, Func<CancellationToken, Task<PodWorkerMessage>> work, CancellationToken token)
    {
        PodWorkerMessage result;
        try
        {
            result = await work(token);
        }
        catch (Exception e)
        {
            result = new WorkFailed(subject, e);
        }
        _mailbox.Writer.TryWrite(result);
    }

    public void CancelWork()
    {
        _stop.Cancel();
        _stop = new CancellationTokenSource();
    }

    public void Dispose() => _stop.Dispose();

    public void WakeAt(DateTimeOffset? time) => Wake = time;

    public void SetProbes(ImmutableArray<ProbeOrder> probes) => ProbeOrders = probes;

    public void Report(PodManifest pod, ReadOnlyMemory<byte> status)
    {
        Status = JsonDocument.Parse(status).RootElement.Clone();
        Reports++;
    }

    public void Finished(PodManifest pod) => IsFinished = true;

    public void Record(PodManifest pod, string? container, string type, string reason, string message)
    {
        lock (Events) Events.Add($"{type} {reason} {message}");
    }
}
