using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Runtime;

namespace Orchestrator.Node.Kubelet;

/// <summary>Registers the nodes of this process, renews their leases and keeps their status true; all of them in one commit.</summary>
public sealed class NodeReporter(IRegistries registries, IContainerRuntime runtime, TimeProvider clock)
{
    /// <summary>How often leases are renewed.</summary>
    /// <remarks>Source: kubelet, a quarter of nodeLeaseDurationSeconds.</remarks>
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    /// <summary>How often a status that has not changed is written.</summary>
    /// <remarks>Source: kubelet, nodeStatusReportFrequency = 5 min.</remarks>
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMinutes(5);

    /// <summary>Least free part of the disk and of process ids, and least free memory (bytes), before the node says so.</summary>
    /// <remarks>Source: kubelet, hard eviction thresholds: nodefs.available &lt; 10 %, memory.available &lt; 100Mi.</remarks>
    private static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(5);
    private const double DiskFreeLeast = 0.10;
    private const long MemoryFreeLeastBytes = 100L << 20;

    private readonly Dictionary<string, (string Text, DateTimeOffset At)> _written = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Uid, DateTimeOffset Created)> _leases = new(StringComparer.Ordinal);

    /// <summary>How soon a turn in which the node could not be registered is repeated, at first and at most: most often somebody wrote in between.</summary>
    private static readonly TimeSpan AgainMin = TimeSpan.FromMilliseconds(10), AgainMax = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs until cancelled. A control plane that does not answer is asked again at the next turn.</summary>
    /// <param name="registered">Called after the first turn in which all nodes are there.</param>
    public async Task RunAsync(ImmutableArray<NodeFacts> nodes, string dataDirectory, Action registered, CancellationToken cancellationToken)
    {
        var first = true;
        var again = AgainMin;
        using var timer = new PeriodicTimer(RenewEvery, clock);
        do
        {
            var done = false;
            try
            {
                done = await TurnAsync(nodes, dataDirectory, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException or IOException)
            {
                // The next turn is soon enough.
            }
            if (!first) continue;
            if (done)
            {
                first = false;
                registered();
                continue;
            }
            await Task.Delay(again, clock, cancellationToken).ConfigureAwait(false);
            again = again < AgainMax / 2 ? again * 2 : AgainMax;
        }
        while (first || await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>One turn: true when every node and lease was written or needed nothing.</summary>
    public async Task<bool> TurnAsync(ImmutableArray<NodeFacts> nodes, string dataDirectory, CancellationToken cancellationToken)
    {
        var informer = await registries.ConsistentAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
        var (pressure, images) = await LookAsync(dataDirectory, cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        var writes = ImmutableArray.CreateBuilder<ObjectWrite>();
        foreach (var facts in nodes)
            if (WriteOf(facts, informer.Get(new ObjectKey("", facts.Name)), pressure, images, now) is { } write) writes.Add(write);
        var complete = true;
        if (writes.Count > 0)
            foreach (var (result, write) in (await registries.WriteAsync(ResourceTypes.Nodes, writes.ToImmutable(), Kubelet, cancellationToken).ConfigureAwait(false)).Zip(writes))
            {
                if (result.Error is null) continue;
                _written.Remove(write.Key.Name);
                complete = false;
            }
        if (!complete) return false;
        return await RenewAsync(nodes, cancellationToken).ConfigureAwait(false);
    }

    private ObjectWrite? WriteOf(NodeFacts facts, StoredObject? node, NodePressure pressure, ImmutableArray<ImageState> images, DateTimeOffset now)
    {
        var key = new ObjectKey("", facts.Name);
        if (node is null)
        {
            _written.Remove(facts.Name);
            var registered = NodeObject.Create(facts, NodeObject.Status(facts, pressure, images, default, now), Guid.NewGuid().ToString(), now);
            FieldRecord.OfCreate(ResourceTypes.Nodes, registered, FieldManagers.Kubelet, now);
            return new CreateObject(key, UncommittedJson.From(registered));
        }
        using var document = JsonDocument.Parse(node.Json);
        var before = document.RootElement.At("status");
        var status = NodeObject.Status(facts, pressure, images, before, now);
        foreach (var field in (string[])["volumesAttached", "volumesInUse", "config"])
            if (before.At(field) is { ValueKind: not JsonValueKind.Undefined } kept) status[field] = JsonNode.Parse(kept.GetRawText());

        // The node controller says Unknown of a node of which it has not heard; that is to be put right at once.
        var trusted = before.Items("conditions").FirstOrDefault(c => c.Text("type") == "Ready").Text("status") == (pressure.NotReadyBecause is null ? "True" : "False");
        var labels = NodeObject.Labels(facts);
        var annotations = NodeObject.Annotations(facts);
        var labelled = labels.All(l => node.Meta.Labels.GetValueOrDefault(l.Key) == (string?)l.Value)
            && annotations.All(a => node.Meta.Annotations.GetValueOrDefault(a.Key) == (string?)a.Value);
        var text = WithoutTimes(status);
        if (labelled && trusted && _written.TryGetValue(facts.Name, out var last) && last.Text == text && now - last.At < ReportEvery) return null;
        _written[facts.Name] = (text, now);
        if (labelled) return new ReplaceStatus(key, JsonTree.ToUtf8(status), node.Meta.Uid) { Manager = FieldManagers.Kubelet, At = now };

        var tree = node.ToTree();
        Merge(tree["metadata"]!, "labels", labels);
        Merge(tree["metadata"]!, "annotations", annotations);
        tree["status"] = status;
        FieldRecord.OfUpdate(ResourceTypes.Nodes, node.ToTree(), tree, FieldManagers.Kubelet, now);
        return new ReplaceObject(key, UncommittedJson.From(tree), node.Meta.Uid, node.Revision);
    }

    private static void Merge(JsonNode metadata, string field, JsonObject own)
    {
        var all = metadata[field]?.AsObject();
        if (all is null) metadata[field] = all = [];
        foreach (var (name, value) in own) all[name] = value?.DeepClone();
    }

    private static string WithoutTimes(JsonObject status)
    {
        var copy = status.DeepClone();
        foreach (var condition in copy["conditions"]!.AsArray())
        {
            condition!.AsObject().Remove("lastHeartbeatTime");
            condition.AsObject().Remove("lastTransitionTime");
        }
        return copy.ToJsonString();
    }

    private async Task<bool> RenewAsync(ImmutableArray<NodeFacts> nodes, CancellationToken cancellationToken)
    {
        var informer = await registries.ConsistentAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        var writes = nodes.Select(n => Renewal(n.Name, informer.Get(new ObjectKey("", n.Name))?.Meta.Uid ?? "", now)).ToImmutableArray();
        var results = await registries.WriteAsync(ResourceTypes.Leases, writes, Kubelet, cancellationToken).ConfigureAwait(false);
        var complete = true;
        for (var i = 0; i < results.Length; i++)
        {
            switch (results[i].Error)
            {
                case null: break;
                // Of an earlier run of this node: take it over at the next turn. Or gone: make it anew then.
                case { Code: 409 }: _leases[nodes[i].Name] = (Guid.NewGuid().ToString(), now); complete = false; break;
                case { Code: 404 }: _leases.Remove(nodes[i].Name); complete = false; break;
                default: complete = false; break;
            }
        }
        return complete;
    }

    // A node and its lease have one name.
    private static UserInfo Kubelet(ObjectWrite write) => ComponentUsers.Node(write.Key.Name);

    private ObjectWrite Renewal(string node, string nodeUid, DateTimeOffset now)
    {
        var key = new ObjectKey("kube-node-lease", node);
        var known = _leases.TryGetValue(node, out var lease);
        if (!known) _leases[node] = lease = (Guid.NewGuid().ToString(), now);
        var tree = NodeObject.Lease(node, nodeUid, lease.Uid, lease.Created, now);
        FieldRecord.OfCreate(ResourceTypes.Leases, tree, FieldManagers.Kubelet, now);
        var json = UncommittedJson.From(tree);
        return known ? new ReplaceObject(key, json) : new CreateObject(key, json);
    }

    private async Task<(NodePressure, ImmutableArray<ImageState>)> LookAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        if (runtime.Simulated) return (new NodePressure(false, false, false, null), []);
        string? broken = null;
        var images = ImmutableArray<ImageState>.Empty;
        try
        {
            // Not waited for longer: the leases are renewed behind it, and an engine that hangs must not make its node one that is gone.
            images = await runtime.ListImagesAsync(cancellationToken).WaitAsync(EngineTimeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            broken = $"container runtime is down: {e.Message}";
        }
        var drive = new DriveInfo(Path.GetFullPath(dataDirectory));
        var disk = drive.AvailableFreeSpace < drive.TotalSize * DiskFreeLeast;
        return (new NodePressure(MemoryAvailable() < MemoryFreeLeastBytes, disk, Pids: false, broken), images);
    }

    private static long MemoryAvailable()
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is null ? long.MaxValue : long.Parse(line["MemAvailable:".Length..].Replace("kB", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
