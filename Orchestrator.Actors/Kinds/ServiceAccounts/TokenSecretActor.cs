using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ServiceAccounts;

/// <summary>Fills the Secrets that ask for a token of a service account, and removes them with the account. A singleton.</summary>
/// <remarks>Source: kube-controller-manager, serviceaccount/tokens_controller.go. Such a token does not expire; it counts for as long as its
/// Secret holds it (<see cref="ServiceAccountTokens"/>).</remarks>
public sealed class TokenSecretActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(500), RetryMax = TimeSpan.FromSeconds(30);

    private readonly RegistryClient _registries;
    private readonly TokenSecrets _secrets;
    private readonly Dictionary<ObjectKey, HashSet<ObjectKey>> _secretsOf = [];
    private readonly Queue<ObjectKey> _queue = new();
    private readonly HashSet<ObjectKey> _queued = [];
    private readonly Dictionary<ObjectKey, int> _failures = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _working;

    public TokenSecretActor(RegistryClient registries, TokenSecrets secrets) => (_registries, _secrets) = (registries, secrets);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RegistryClient registries, TokenSecrets secrets) => Akka.Actor.Props.Create(() => new TokenSecretActor(registries, secrets));

    protected override void PreStart()
    {
        _registries.Subscribe(ResourceTypes.Secrets, Self);
        _registries.Subscribe(ResourceTypes.ServiceAccounts, Self);
    }

    protected override void PostStop()
    {
        _registries.Unsubscribe(ResourceTypes.Secrets, Self);
        _registries.Unsubscribe(ResourceTypes.ServiceAccounts, Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InformerSynced synced when synced.Type == ResourceTypes.Secrets:
                foreach (var secret in synced.Objects.EnumerateFrom()) Take(secret);
                break;
            case InformerSynced: break;
            case ObjectsChanged changed:
                foreach (var change in changed.Changes) Take(changed.Type, change);
                break;
            case Done done: Handle(done); break;
            case Again again: Enqueue(again.Key); break;
            default: Unhandled(message); break;
        }
    }

    private void Take(ResourceType type, ObjectChange change)
    {
        if (type == ResourceTypes.ServiceAccounts)
        {
            // An account that is gone takes its Secrets along; one that has come has none yet.
            if (change.Kind == ChangeKind.Deleted)
                foreach (var secret in _secretsOf.GetValueOrDefault(change.Object.Key) ?? []) Enqueue(secret);
            return;
        }
        if (change.Previous is { } before && TokenSecrets.AccountOf(before) is { } former && _secretsOf.TryGetValue(former, out var known) && known.Remove(before.Key) && known.Count == 0)
            _secretsOf.Remove(former);
        if (change.Kind == ChangeKind.Deleted) _failures.Remove(change.Object.Key);
        else Take(change.Object);
    }

    private void Take(StoredObject secret)
    {
        if (TokenSecrets.AccountOf(secret) is not { } account) return;
        if (!_secretsOf.TryGetValue(account, out var secrets)) _secretsOf[account] = secrets = [];
        secrets.Add(secret.Key);
        Enqueue(secret.Key);
    }

    private void Enqueue(ObjectKey secret)
    {
        if (_queued.Add(secret)) _queue.Enqueue(secret);
        Work();
    }

    // One by one: signing is the affair of another singleton, which a new account for each of a thousand namespaces must not flood.
    private void Work()
    {
        if (_working || !_queue.TryDequeue(out var key)) return;
        _queued.Remove(key);
        _working = true;
        _secrets.SyncAsync(key).PipeTo(Self, success: error => new Done(key, error?.Message), failure: e => new Done(key, e.Message));
    }

    private void Handle(Done done)
    {
        _working = false;
        if (done.Error is { } error)
        {
            var failures = _failures[done.Key] = _failures.GetValueOrDefault(done.Key) + 1;
            var wait = RetryMin * Math.Pow(2, Math.Min(failures - 1, 10));
            _log.Warning("The secret {0} got no token: {1}; trying again", done.Key, error);
            Timers.StartSingleTimer(done.Key, new Again(done.Key), wait < RetryMax ? wait : RetryMax);
        }
        else _failures.Remove(done.Key);
        Work();
    }

    private sealed record Done(ObjectKey Key, string? Error);

    private sealed record Again(ObjectKey Key);
}
