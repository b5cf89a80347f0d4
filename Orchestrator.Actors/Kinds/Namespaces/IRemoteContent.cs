using System.Collections.Immutable;

namespace Orchestrator.Actors.Kinds.Namespaces;

/// <summary>What aggregated servers hold in namespaces: objects that no registry of ours knows of.</summary>
public interface IRemoteContent
{
    /// <summary>Whether there is any such server.</summary>
    bool Any { get; }

    /// <summary>Asks every server to delete what it holds in a namespace, and tells what is left afterwards. Failures are part of the answer.</summary>
    Task<RemoteRemains> EmptyAsync(string ns, CancellationToken cancellationToken);
}

/// <summary>What is left in a namespace elsewhere.</summary>
/// <param name="Left">The kinds of which there still are objects.</param>
/// <param name="Undiscovered">The groups and versions whose servers do not say what they serve, each with the reason.</param>
/// <param name="Failures">Why a server did not delete, or tell what it has.</param>
public sealed record RemoteRemains(ImmutableArray<RemoteKind> Left, ImmutableArray<string> Undiscovered, ImmutableArray<string> Failures)
{
    public static RemoteRemains None { get; } = new([], [], []);

    public bool IsEmpty => Left.IsEmpty && Undiscovered.IsEmpty && Failures.IsEmpty;
}

/// <summary>How many objects of a kind there still are.</summary>
/// <param name="Resource">Plural and group, such as <c>flunders.wardle.example.com</c>.</param>
/// <param name="Count">Objects (count).</param>
/// <param name="Finalizers">The finalizers of all of them, each as often as it occurs.</param>
public sealed record RemoteKind(string Resource, int Count, ImmutableArray<string> Finalizers);
