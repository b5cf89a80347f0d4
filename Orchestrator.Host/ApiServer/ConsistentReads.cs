using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Finds the state of a type that the resourceVersion of a read asks for.</summary>
public sealed class ConsistentReads(IRegistries registries, SnapshotCache snapshots)
{
    /// <summary>How long a version that is not here yet is waited for. Source: k8s.io/apiserver, cacher blockTimeout.</summary>
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(3);

    public IRegistries Registries => registries;

    public SnapshotCache Snapshots => snapshots;

    /// <summary>The newest state for null, any for 0, and one not older than anything else.</summary>
    public async ValueTask<(Informer? Informer, ApiError? Error)> AtLeastAsync(ResourceType type, long? revision, CancellationToken cancellationToken)
    {
        if (revision is null) return (await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false), null);
        var informer = await registries.InformerAsync(type, cancellationToken).ConfigureAwait(false);
        if (informer.Revision >= revision) return (informer, null);
        // Commits travel to this process in moments; what is still unknown then was never committed.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PatienceMax);
        try
        {
            await informer.WaitForAsync(revision.Value, patience.Token).ConfigureAwait(false);
            return (informer, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, TooLarge(revision.Value, informer.Revision));
        }
    }

    /// <summary>The state at exactly one version, rebuilt from the changes since when it is not kept.</summary>
    public async ValueTask<(ObjectIndex? Index, ApiError? Error)> ExactlyAsync(ResourceType type, long revision, CancellationToken cancellationToken)
    {
        var (informer, error) = await AtLeastAsync(type, revision, cancellationToken).ConfigureAwait(false);
        if (informer is null) return (null, error);
        var now = informer.Objects;
        if (now.Revision == revision) return (now, null);
        if (snapshots.Find(type, revision) is { } kept) return (kept, null);
        if (await RewindAsync(informer, now, revision, cancellationToken).ConfigureAwait(false) is not { } rebuilt)
            return (null, ApiError.Expired("The resourceVersion for the provided list is too old."));
        snapshots.Keep(type, rebuilt);
        return (rebuilt, null);
    }

    /// <summary>One object at exactly one version of its type; null when it was not there.</summary>
    public async ValueTask<(StoredObject? Object, ApiError? Error)> ExactlyAsync(ResourceType type, ObjectKey key, long revision, CancellationToken cancellationToken)
    {
        var (informer, error) = await AtLeastAsync(type, revision, cancellationToken).ConfigureAwait(false);
        if (informer is null) return (null, error);
        if (informer.Get(key) is { } now
            && await registries.History.BackToAsync(type, now, revision, cancellationToken).ConfigureAwait(false) is { } then) return (then, null);
        // It is gone, or was made anew since: only the changes of the whole type tell.
        var (index, gone) = await ExactlyAsync(type, revision, cancellationToken).ConfigureAwait(false);
        return (index?.Get(key), gone);
    }

    /// <summary>The version that a type had at a time.</summary>
    public async ValueTask<(long Revision, ApiError? Error)> RevisionAtAsync(ResourceType type, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var informer = await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        return await registries.History.RevisionAtAsync(type, time, informer.Revision, cancellationToken).ConfigureAwait(false) is { } revision
            ? (revision, null)
            : (0, ApiError.Expired($"the history of {type} does not reach back to {Rfc3339.Seconds(time)}"));
    }

    /// <summary>Takes the changes behind a version back; null when they are no longer all known.</summary>
    private static async ValueTask<ObjectIndex?> RewindAsync(Informer informer, ObjectIndex now, long revision, CancellationToken cancellationToken)
    {
        var before = new Dictionary<ObjectKey, StoredObject?>();
        var cursor = informer.Watch(revision, withPrevious: true);
        while (cursor.Position < now.Revision)
        {
            if (await cursor.NextAsync(cancellationToken).ConfigureAwait(false) is not { } changes) return null;
            foreach (var change in changes)
            {
                if (change.Object.Revision > now.Revision) break;
                if (change.Kind != ChangeKind.Added && change.Previous is null && !before.ContainsKey(change.Object.Key)) return null;
                before.TryAdd(change.Object.Key, change.Kind == ChangeKind.Added ? null : change.Previous);
            }
        }
        var builder = now.ToBuilder();
        foreach (var (key, value) in before)
        {
            if (value is null) builder.Remove(key);
            else builder.Set(value);
        }
        return builder.Build(revision);
    }

    public static ApiError TooLarge(long wanted, long current) =>
        ApiError.Timeout($"Timeout: Too large resource version: {wanted}, current: {current}") with
        {
            RetryAfterSeconds = 1,
            Causes = [new ErrorCause("ResourceVersionTooLarge", "", "Too large resource version")],
        };
}
