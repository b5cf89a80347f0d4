using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Discovery and OpenAPI of this server together with what other servers said of theirs.</summary>
/// <remarks>Merged when somebody asks after something changed, and kept until the next change.</remarks>
public sealed class AggregatedDocuments
{
    private volatile Merged? _merged;
    private volatile Remote _remote = new([], []);
    private volatile TaskCompletionSource _replaced = NewPulse();

    /// <summary>Ends when other servers serve something else than now; take it before looking.</summary>
    public Task Replaced => _replaced.Task;

    /// <summary>Takes what other servers serve from now on.</summary>
    public void Set(IReadOnlyList<RemoteVersion> versions, IReadOnlyList<RemoteOpenApi> specifications)
    {
        var before = _remote;
        if (versions.Count == before.Versions.Count && versions.Zip(before.Versions).All(static p => p.First.SameAs(p.Second))
            && specifications.SequenceEqual(before.Specifications)) return;
        _remote = new Remote(versions, specifications);
        Interlocked.Exchange(ref _replaced, NewPulse()).TrySetResult();
    }

    public DiscoveryDocuments Discovery(SchemaCatalog catalog) => Of(catalog)?.Discovery ?? DiscoveryDocuments.Of(catalog);

    /// <summary>/openapi/v2.</summary>
    public OpenApiV2 V2(SchemaCatalog catalog) => Of(catalog)?.V2.Value ?? OpenApiDocuments.Of(catalog).V2;

    /// <summary>/openapi/v3.</summary>
    public DiscoveryDocument V3Index(SchemaCatalog catalog) => Of(catalog)?.V3Index.Value ?? OpenApiDocuments.Of(catalog).V3Index;

    /// <summary>The document of a version of another server that has none of version 3; null when it has one, or is none.</summary>
    public DiscoveryDocument? V3(SchemaCatalog catalog, string group, string version) => Of(catalog)?.V3.Value.GetValueOrDefault((group, version));

    /// <summary>Whether the document of version 3 of a version of another server is ours to give.</summary>
    public bool HasV3(string group, string version) => _remote.Specifications.Any(s => s.Group == group && s.Version == version && s is { V3: null, V2: not null });

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Merged? Of(SchemaCatalog catalog)
    {
        var (remote, merged) = (_remote, _merged);
        if (remote.Versions.Count == 0) return null;
        if (merged is null || !ReferenceEquals(merged.Catalog, catalog) || !ReferenceEquals(merged.Remote, remote)) _merged = merged = new Merged(catalog, remote);
        return merged;
    }

    private sealed record Remote(IReadOnlyList<RemoteVersion> Versions, IReadOnlyList<RemoteOpenApi> Specifications);

    private sealed class Merged
    {
        public Merged(SchemaCatalog catalog, Remote remote)
        {
            (Catalog, Remote) = (catalog, remote);
            Discovery = DiscoveryDocuments.Of(catalog).With(remote.Versions);
            V2 = new(() => RemoteOpenApi.MergeV2(OpenApiDocuments.Of(catalog).V2, remote.Specifications));
            V3 = new(() => RemoteOpenApi.ConvertedV3(remote.Specifications));
            V3Index = new(() => RemoteOpenApi.MergeV3Index(OpenApiDocuments.Of(catalog).V3Index, remote.Specifications, V3!.Value));
        }

        public SchemaCatalog Catalog { get; }
        public Remote Remote { get; }
        public DiscoveryDocuments Discovery { get; }
        public Lazy<OpenApiV2> V2 { get; }
        public Lazy<IReadOnlyDictionary<(string Group, string Version), DiscoveryDocument>> V3 { get; }
        public Lazy<DiscoveryDocument> V3Index { get; }
    }
}
