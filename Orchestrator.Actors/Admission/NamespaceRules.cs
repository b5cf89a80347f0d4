using System.Collections.Concurrent;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>What the objects of one type in a namespace say together, read once per version of the type.</summary>
/// <remarks>A namespace without such objects costs one look-up. Called from many threads; racing readers read the same twice.</remarks>
public sealed class NamespaceRules<T>(ResourceType type, Func<IReadOnlyList<StoredObject>, T> read, T none)
{
    private readonly ConcurrentDictionary<string, Entry> _byNamespace = new(StringComparer.Ordinal);

    public ValueTask<T> InAsync(string ns, IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = registries.InformerAsync(type, cancellationToken);
        return pending.IsCompletedSuccessfully ? ValueTask.FromResult(In(ns, pending.Result.Objects)) : WaitAsync(pending, ns);
    }

    private async ValueTask<T> WaitAsync(ValueTask<Informer> pending, string ns) => In(ns, (await pending.ConfigureAwait(false)).Objects);

    private T In(string ns, ObjectIndex objects)
    {
        if (objects.Count == 0) return none;
        if (_byNamespace.TryGetValue(ns, out var entry) && ReferenceEquals(entry.Objects, objects)) return entry.Rules;
        StoredObject[] found = [.. objects.InNamespace(ns)];
        var rules = found.Length == 0 ? none : read(found);
        _byNamespace[ns] = new Entry(objects, rules);
        return rules;
    }

    private sealed record Entry(ObjectIndex Objects, T Rules);
}
