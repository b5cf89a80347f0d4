using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Host.Shell;

/// <summary>The commands that look into the cluster and its journals.</summary>
public sealed partial class ShellCommands
{
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(5);
    private const int JournalDefault = 20;

    private string Members(string format)
    {
        var state = Cluster.Get(system).State;
        var unreachable = state.Unreachable;
        var rows = state.Members.Select(m => (string[])
        [
            $"{m.Address.Host}:{m.Address.Port}",
            m.Status.ToString(),
            string.Join(",", m.Roles.Order(StringComparer.Ordinal)),
            unreachable.Contains(m) ? "unreachable" : "reachable",
            m.Address.Equals(state.Leader) ? "leader" : "",
        ]).ToArray();
        return Output(["Member", "Status", "Roles", "Reachability", ""], rows, format);
    }

    private async Task<string> ShardsAsync(string format, CancellationToken cancellationToken)
    {
        var sharding = ClusterSharding.Get(system);
        var rows = new List<string[]>();
        // Of the kubelets a control-plane member has a proxy only.
        foreach (var region in sharding.ShardTypeNames.Add(KubeletRegion.TypeName).Order(StringComparer.Ordinal))
        {
            var stats = await sharding.ShardRegion(region)
                .Ask<ClusterShardingStats>(new GetClusterShardingStats(QueryTimeout), QueryTimeout + QueryTimeout, cancellationToken).ConfigureAwait(false);
            foreach (var (address, shards) in stats.Regions)
                foreach (var (shard, entities) in shards.Stats)
                    rows.Add([region, shard, entities.ToString(CultureInfo.InvariantCulture), $"{address.Host}:{address.Port}"]);
        }
        return Output(["Region", "Shard", "Entities", "Member"], [.. rows.OrderBy(r => r[0], StringComparer.Ordinal).ThenBy(r => r[1], StringComparer.Ordinal)], format);
    }

    private async Task<string> KubeletAsync(ShellArguments arguments, string format, CancellationToken cancellationToken)
    {
        var name = arguments.Required(0, "a node");
        var nodes = await registries.InformerAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
        var node = nodes.Get(new ObjectKey("", name)) ?? throw new ShellException($"nodes \"{name}\" not found");
        KubeletPods pods;
        try
        {
            pods = await ClusterSharding.Get(system).ShardRegion(KubeletRegion.TypeName)
                .Ask<KubeletPods>(new GetKubeletPods(KubeletId.Of(node)), QueryTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            throw new ShellException($"the kubelet of {name} does not answer; is its process running?");
        }
        var rows = pods.Pods.SelectMany(p => p.Containers, (p, c) => (string[])
        [
            $"{p.Namespace}/{p.Name}", c.Name, c.Id, c.ExitCode is { } code ? $"Exited ({code})" : "Running", c.RestartCount.ToString(CultureInfo.InvariantCulture),
        ]).ToArray();
        return Output(["Pod", "Container", "Id", "State", "Restarts"], rows, format);
    }

    private async Task<string> JournalAsync(ShellArguments arguments, string format, CancellationToken cancellationToken)
    {
        var type = api.Resource(arguments.Required(0, "a type")).StoredAs;
        var limit = arguments["--limit"] is { } text ? Number(text, "--limit") : JournalDefault;
        var changes = await registries.NewestChangesAsync(type, limit, cancellationToken).ConfigureAwait(false);
        var rows = changes.Select(c => (string[])
        [
            c.Change.Object.Revision.ToString(CultureInfo.InvariantCulture), Time(c.At), c.Change.Kind.ToString(), c.Change.Object.Key.ToString(),
            $"{c.Change.Object.Length} B",
        ]).ToArray();
        return Output(["Version", "Time", "Change", "Object", "Size"], rows, format);
    }

    private async Task<string> HistoryAsync(ShellArguments arguments, string format, CancellationToken cancellationToken)
    {
        var (type, key) = ObjectOf(arguments);
        var versions = await registries.History.ChangesAsync(type, 1, key, cancellationToken).ConfigureAwait(false);
        if (versions.IsEmpty) throw new ShellException($"{type} \"{key}\" has no retained history");
        if (format != "table")
        {
            var list = new JsonArray([.. versions.Select(v => (JsonNode)new JsonObject
            {
                ["version"] = v.Change.Object.Revision,
                ["time"] = Time(v.At),
                ["change"] = v.Change.Kind.ToString(),
                ["differences"] = new JsonArray([.. Changes(v).Select(d => (JsonNode)d)]),
            })]);
            return Render(list, format);
        }
        var text = new StringBuilder();
        foreach (var version in versions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{version.Change.Object.Revision,-10} {Time(version.At)}  {version.Change.Kind}");
            foreach (var difference in Changes(version)) text.AppendLine(CultureInfo.InvariantCulture, $"           {difference}");
        }
        return text.ToString();
    }

    private static IReadOnlyList<string> Changes(JournaledChange version) => version.Change.Kind == ChangeKind.Modified
        ? Difference.Between(version.Change.Previous?.ToTree(), version.Change.Object.ToTree())
        : [];

    private (ResourceType Type, ObjectKey Key) ObjectOf(ShellArguments arguments)
    {
        var parts = arguments.Required(0, "TYPE/NAMESPACE/NAME").Split('/');
        var resource = api.Resource(parts[0]);
        return parts.Length switch
        {
            3 => (resource.StoredAs, new ObjectKey(parts[1], parts[2])),
            2 => (resource.StoredAs, new ObjectKey(resource.Namespaced ? NamespaceOf(arguments) : "", parts[1])),
            _ => throw new ShellException($"{arguments.Verb} takes TYPE/NAMESPACE/NAME, or TYPE/NAME"),
        };
    }

    private static string Output(string[] header, IReadOnlyList<string[]> rows, string format) => format == "table"
        ? TextTable.Render(header, rows)
        : Render(new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject(
            header.Zip(row).Where(c => c.First.Length > 0).Select(c => KeyValuePair.Create(char.ToLowerInvariant(c.First[0]) + c.First[1..], (JsonNode?)c.Second))))]), format);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
