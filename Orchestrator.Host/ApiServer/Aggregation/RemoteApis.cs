using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Which versions of which groups other servers serve, as of all APIServices that this process has seen.</summary>
/// <remarks>Asked by every request: without any such version that is one comparison and one look at an empty table.</remarks>
public sealed class RemoteApis
{
    private volatile Informer? _services;
    private volatile Table _table = new(-1, FrozenDictionary<(string, string), ApiServiceView>.Empty);

    /// <summary>All that there are now.</summary>
    public IReadOnlyCollection<ApiServiceView> All => Current().Remote.Values;

    /// <summary>Begins to follow the objects; until then there are none.</summary>
    public void Follow(Informer services) => _services = services;

    /// <summary>The APIService of what a request asks for, or null when it is ours to answer.</summary>
    public ApiServiceView? Find(RequestInfo request)
    {
        var remote = Current().Remote;
        if (remote.Count == 0) return null;
        if (request.IsResource) return remote.GetValueOrDefault((request.Group, request.Version));
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["apis", var group, var version] => remote.GetValueOrDefault((group, version)),
            ["api", var version] => remote.GetValueOrDefault(("", version)),
            ["openapi", "v3", "apis", var group, var version] => remote.GetValueOrDefault((group, version)),
            _ => null,
        };
    }

    private Table Current()
    {
        var (services, table) = (_services, _table);
        if (services is null || services.Revision == table.Revision) return table;
        var objects = services.Objects;
        // Two requests may do the same at once, which is as good.
        return _table = new Table(objects.Revision, objects.EnumerateFrom().Select(static o => o.View(ApiServiceView.Parse))
            .Where(static v => v.Service is not null).ToFrozenDictionary(static v => (v.Group, v.Version)));
    }

    private sealed record Table(long Revision, FrozenDictionary<(string Group, string Version), ApiServiceView> Remote);
}
