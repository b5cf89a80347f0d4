using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Registry;

/// <summary>The registries as the verbs see them: writes that commit, and informers to read from.</summary>
/// <remarks>The process has one, <c>RegistryClient</c>; tests of the verbs need no cluster.</remarks>
public interface IRegistries
{
    /// <summary>What was before.</summary>
    IChangeHistory History { get; }

    /// <summary>The informers that somebody has asked for, which may still wait for their first state.</summary>
    IEnumerable<Informer> Informers { get; }

    /// <summary>Writes in one commit and returns what became of each, in order. Refusals and timeouts are results, not exceptions.</summary>
    Task<ImmutableArray<WriteResult>> WriteAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default);

    /// <summary>Writes for a part of this product that is a client in Kubernetes; see <see cref="ResourceStore.Admitted"/>. The bare registries
    /// know no admission.</summary>
    /// <param name="writer">Tells as whom; called only where it matters.</param>
    Task<ImmutableArray<WriteResult>> WriteAsync(
        ResourceType type, ImmutableArray<ObjectWrite> writes, WriterOf writer, CancellationToken cancellationToken = default) =>
        WriteAsync(type, writes, cancellationToken);

    /// <summary>The informer of a type, once it has the whole state.</summary>
    ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default);

    /// <summary>The informer, once it has seen all that was committed before this call.</summary>
    ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default);
}
