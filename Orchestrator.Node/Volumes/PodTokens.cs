using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Node.Kubelet;

namespace Orchestrator.Node.Volumes;

/// <summary>The tokens of service accounts in the volumes of this node's pods: asked for once and again before they expire.</summary>
/// <remarks>Source: pkg/kubelet/token of Kubernetes: a token is renewed after four fifths of its life, and at the latest after a day.</remarks>
public sealed class PodTokens(TokenRequests? tokens, IRegistries registries, TimeProvider clock)
{
    private const double RenewAfterShare = 0.8;
    private static readonly TimeSpan RenewAfterMax = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<Key, Held> _held = new();

    /// <summary>The tokens that a pod's volume projects, by audience and lifetime.</summary>
    /// <exception cref="InvalidDataException">There is no such account.</exception>
    /// <exception cref="TimeoutException">The control plane does not answer.</exception>
    public async Task<ImmutableDictionary<(string Audience, long Seconds), string>> OfAsync(PodManifest pod, PodPlace place, CancellationToken cancellationToken)
    {
        var found = ImmutableDictionary<(string, long), string>.Empty;
        foreach (var source in pod.Volumes.SelectMany(static v => v.Sources).Where(static s => s.Kind == "serviceAccountToken"))
            found = found.SetItem((source.Audience, source.ExpirationSeconds),
                await OfAsync(new Key(pod.Meta.Uid, source.Audience, source.ExpirationSeconds), pod, place, cancellationToken).ConfigureAwait(false));
        return found;
    }

    /// <summary>The pods of which a token has to be renewed.</summary>
    public ImmutableArray<ObjectKey> Due()
    {
        var now = clock.GetUtcNow();
        return [.. _held.Where(h => h.Value.RenewAt <= now).Select(static h => h.Value.Pod).Distinct()];
    }

    /// <summary>The pod is gone.</summary>
    public void Forget(string podUid)
    {
        foreach (var key in _held.Keys)
            if (key.PodUid == podUid) _held.TryRemove(key, out _);
    }

    private async Task<string> OfAsync(Key key, PodManifest pod, PodPlace place, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        _held.TryGetValue(key, out var held);
        if (held is not null && held.RenewAt > now) return held.Token;
        if (tokens is null) throw new InvalidDataException("this node issues no tokens of service accounts");
        try
        {
            var account = new ObjectKey(pod.Meta.Namespace, pod.ServiceAccountName);
            var accounts = await registries.ConsistentAsync(ResourceTypes.ServiceAccounts, cancellationToken).ConfigureAwait(false);
            if (accounts.Get(account) is not { } stored) throw new InvalidDataException($"failed to fetch token: serviceaccounts \"{account.Name}\" not found");
            var nodes = await registries.InformerAsync(ResourceTypes.Nodes, cancellationToken).ConfigureAwait(false);
            var identity = new ServiceAccountIdentity(account, stored.Meta.Uid)
            {
                Pod = new BoundObject(pod.Meta.Name, pod.Meta.Uid),
                Node = new BoundObject(place.NodeName, nodes.Get(new ObjectKey("", place.NodeName))?.Meta.Uid ?? ""),
            };
            var (token, expires) = await tokens.IssueAsync(identity, key.Audience.Length == 0 ? [] : [key.Audience], key.Seconds, cancellationToken).ConfigureAwait(false);
            var life = (expires - now) * RenewAfterShare;
            _held[key] = new Held(token, expires, now + (life < RenewAfterMax ? life : RenewAfterMax), pod.Key);
            return token;
        }
        catch (Exception e) when (held is not null && held.Expires > now && e is TimeoutException or InvalidDataException)
        {
            // The old one is still good; it is tried again at the next round.
            return held!.Token;
        }
    }

    private readonly record struct Key(string PodUid, string Audience, long Seconds);

    private sealed record Held(string Token, DateTimeOffset Expires, DateTimeOffset RenewAt, ObjectKey Pod);
}
