using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Orchestrator.Actors.Kinds.ApiServices;

namespace Orchestrator.Actors.Schemas.Discovery;

/// <summary>What a client may find at /api and /apis: groups, versions and resources, in the older form and in the aggregated one.</summary>
/// <remarks>Made from one state of the schemas; every document is built when first asked for and then kept.</remarks>
public sealed class DiscoveryDocuments
{
    private static readonly ConditionalWeakTable<SchemaCatalog, DiscoveryDocuments> Catalogs = [];

    private readonly ImmutableArray<DiscoveryGroup> _groups;
    private readonly ConcurrentDictionary<string, DiscoveryDocument> _built = new(StringComparer.Ordinal);

    private DiscoveryDocuments(SchemaCatalog catalog) =>
        _groups = [.. catalog.Resources.GroupBy(static r => r.Group, StringComparer.Ordinal)
            .Select(group => DiscoveryGroup.Create(group.Key, group, catalog))
            .OrderBy(static g => g.Name, Comparer<string>.Create(GroupOrder.Compare))];

    // Groups of other servers are among ours by priority, and a version that another server took over is no longer ours.
    private DiscoveryDocuments(DiscoveryDocuments local, IReadOnlyCollection<RemoteVersion> remote)
    {
        var taken = remote.Select(static r => (r.Group, r.Version)).ToHashSet();
        var versions = local._groups.SelectMany(static g => g.Versions).Where(v => !taken.Contains((v.Group, v.Name)))
            .Select(static v => (Version: v, Priorities: LocalApiServices.PrioritiesOf(v.Group, v.Name)))
            .Concat(remote.Select(static r => (Version: new DiscoveryVersion(r.Group, r.Version, []) { Remote = r }, Priorities: (Group: r.GroupPriority, Version: r.VersionPriority))));
        _groups = [.. versions.GroupBy(static v => v.Version.Group, StringComparer.Ordinal)
            .OrderByDescending(static g => g.Max(static v => v.Priorities.Group)).ThenBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => new DiscoveryGroup(g.Key, [.. g.OrderByDescending(static v => v.Priorities.Version)
                .ThenBy(static v => v.Version.Name, ApiVersionOrder.Newest).Select(static v => v.Version)]))];
    }

    /// <summary>These documents and what other servers serve.</summary>
    public DiscoveryDocuments With(IReadOnlyCollection<RemoteVersion> remote) => remote.Count == 0 ? this : new DiscoveryDocuments(this, remote);

    /// <summary>The documents of a catalog, which every caller shares.</summary>
    public static DiscoveryDocuments Of(SchemaCatalog catalog) => Catalogs.GetValue(catalog, static c => new DiscoveryDocuments(c));

    /// <summary>/api: the versions of the core group.</summary>
    public DiscoveryDocument CoreVersions => Built("/api", writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "APIVersions"u8);
        writer.WriteStartArray("versions"u8);
        if (Find("") is { } core)
            foreach (var version in core.Versions) writer.WriteStringValue(version.Name);
        writer.WriteEndArray();
        writer.WriteStartArray("serverAddressByClientCIDRs"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>/apis: every named group.</summary>
    public DiscoveryDocument Groups => Built("/apis", writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "APIGroupList"u8);
        writer.WriteString("apiVersion"u8, "v1"u8);
        writer.WriteStartArray("groups"u8);
        foreach (var group in Named) group.Write(writer, whole: false);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>/apis/GROUP; null for a group that nothing is served of.</summary>
    public DiscoveryDocument? Group(string name) =>
        name.Length > 0 && Find(name) is { } group ? Built($"/apis/{name}", writer => group.Write(writer, whole: true)) : null;

    /// <summary>/api/v1 (the group is empty) or /apis/GROUP/VERSION; null for a version that nothing is served of.</summary>
    public DiscoveryDocument? Resources(string group, string version)
    {
        if (Find(group)?.Versions.FirstOrDefault(v => v.Name == version) is not { } found) return null;
        return Built($"{group}/{version}", found.WriteResourceList);
    }

    /// <summary>All resources in one APIGroupDiscoveryList, as /api and /apis give it to clients that accept it.</summary>
    /// <param name="core">True for /api, false for /apis.</param>
    /// <param name="version">v2 or v2beta1 of apidiscovery.k8s.io.</param>
    public DiscoveryDocument Aggregated(bool core, string version) => Built($"aggregated {core} {version}", writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "APIGroupDiscoveryList"u8);
        writer.WriteString("apiVersion"u8, $"apidiscovery.k8s.io/{version}");
        writer.WriteStartObject("metadata"u8);
        writer.WriteEndObject();
        writer.WriteStartArray("items"u8);
        foreach (var group in core ? _groups.Where(static g => g.Name.Length == 0) : Named) group.WriteAggregated(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private IEnumerable<DiscoveryGroup> Named => _groups.Where(static g => g.Name.Length > 0);

    private DiscoveryGroup? Find(string name) => _groups.FirstOrDefault(g => g.Name == name);

    private DiscoveryDocument Built(string key, Action<Utf8JsonWriter> write) =>
        _built.GetOrAdd(key, static (_, write) => DiscoveryDocument.Create(write), write);
}
