using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>Lets code that waits for nothing convert objects by webhook: what it needed is asked for between two runs of it.</summary>
/// <remarks>The code must be a function of its inputs. Each run gets further than the one before, so there are few. For one caller at a time.</remarks>
public sealed class ConversionPass(CustomResourceConverter converter)
{
    private readonly Dictionary<(string ApiVersion, string Tree), JsonObject> _known = [];
    private readonly Dictionary<(string ApiVersion, string Tree), (ResourceSchema To, JsonObject Tree)> _wanted = [];

    /// <summary>The tree in another version, a copy; as it is when the webhook has still to be asked, and the run is then made again.</summary>
    public JsonObject Convert(JsonObject tree, ResourceSchema to)
    {
        if (JsonTree.String(tree, "apiVersion") == to.ApiVersion) return tree.DeepClone().AsObject();
        var key = (to.ApiVersion, JsonTree.ToText(tree));
        if (_known.TryGetValue(key, out var known)) return known.DeepClone().AsObject();
        var copy = tree.DeepClone().AsObject();
        _wanted.TryAdd(key, (to, copy.DeepClone().AsObject()));
        return copy;
    }

    /// <summary>Runs <paramref name="run"/> until nothing that it needs is missing.</summary>
    /// <returns>The result of the last run, or why a webhook did not convert.</returns>
    public async ValueTask<(T Result, ApiError? Error)> RunAsync<T>(Func<T> run, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = run();
            if (_wanted.Count == 0) return (result, null);
            if (await AskAsync(cancellationToken).ConfigureAwait(false) is { } error) return (result, error);
        }
    }

    private async ValueTask<ApiError?> AskAsync(CancellationToken cancellationToken)
    {
        foreach (var version in _wanted.GroupBy(static w => w.Value.To).ToList())
        {
            var asked = version.ToList();
            var (trees, error) = await converter.ConvertAsync(version.Key, [.. asked.Select(static w => w.Value.Tree)], cancellationToken).ConfigureAwait(false);
            if (error is not null) return error;
            for (var i = 0; i < asked.Count; i++) _known[asked[i].Key] = trees[i];
        }
        _wanted.Clear();
        return null;
    }
}
