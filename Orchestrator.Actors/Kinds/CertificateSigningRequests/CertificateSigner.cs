using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Certificates;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.CertificateSigningRequests;

/// <summary>Has approved requests signed by the cluster's authority, and removes those that nobody needs any more. A singleton.</summary>
/// <remarks>Source: pkg/controller/certificates/{signer,cleaner} of Kubernetes.</remarks>
public sealed class CertificateSigner : UntypedActor, IWithTimers
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    // How long requests are kept. Source: pkg/controller/certificates/cleaner.
    private static readonly TimeSpan DecidedKept = TimeSpan.FromHours(1);
    private static readonly TimeSpan PendingKept = TimeSpan.FromHours(24);

    private static readonly WriteOptions AsController = new() { FieldManager = FieldManagers.ControllerManager, User = ComponentUsers.Controller("certificate-controller") };

    private readonly RegistryClient _registries;
    private readonly ResourceStore _store;
    private readonly IActorRef _authority;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public CertificateSigner(RegistryClient registries, ResourceStore store, IActorRef authority, TimeProvider clock) =>
        (_registries, _store, _authority, _clock) = (registries, store, authority, clock);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RegistryClient registries, ResourceStore store, IActorRef authority, TimeProvider clock) =>
        Akka.Actor.Props.Create(() => new CertificateSigner(registries, store, authority, clock));

    protected override void PreStart()
    {
        _registries.Subscribe(ResourceTypes.CertificateSigningRequests, Self);
        Timers.StartPeriodicTimer("sweep", Sweep.Instance, SweepEvery);
    }

    protected override void PostStop() => _registries.Unsubscribe(ResourceTypes.CertificateSigningRequests, Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InformerSynced synced:
                foreach (var request in synced.Objects.EnumerateFrom()) Consider(request);
                break;
            case ObjectsChanged changed:
                foreach (var change in changed.Changes)
                    if (change.Kind != ChangeKind.Deleted) Consider(change.Object);
                break;
            case Again again: Run(again.Key); break;
            case Sweep: RunSweep(); break;
            case Failed failed:
                _log.Warning("The request {0} could not be signed: {1}; trying again", failed.Key, failed.Why);
                Timers.StartSingleTimer(failed.Key, new Again(failed.Key), RetryAfter);
                break;
            case Done: break;
            default: Unhandled(message); break;
        }
    }

    private void Consider(StoredObject request)
    {
        if (IsToSign(request)) Run(request.Key);
    }

    private void Run(ObjectKey key) => SignAsync(key).PipeTo(Self, failure: e => new Failed(key, e.Message));

    /// <summary>Approved, not signed and not failed yet, and by a signer that is ours.</summary>
    internal static bool IsToSign(StoredObject request)
    {
        using var document = JsonDocument.Parse(request.Json);
        var status = document.RootElement.Get("status");
        var types = status.Items("conditions").Select(static c => c.Text("type")).ToHashSet(StringComparer.Ordinal);
        return types.Contains("Approved") && !types.Contains("Denied") && !types.Contains("Failed") && status.Text("certificate").Length == 0
            && SigningRequest.Signers.Contains(document.RootElement.Get("spec").Text("signerName"));
    }

    private async Task<object> SignAsync(ObjectKey key)
    {
        if (await _store.GetAsync(ResourceTypes.CertificateSigningRequests, key).ConfigureAwait(false) is not { } stored || !IsToSign(stored)) return Done.Instance;
        var tree = stored.ToTree();
        var (request, fault) = SigningRequest.Read(tree);
        var status = JsonTree.Ensure(tree, "status");
        if (request is null) Add(status, "SignerValidationFailure", fault);
        else
        {
            var lifetime = JsonTree.Int64(JsonTree.Object(tree, "spec"), "expirationSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var answer = await _authority.Ask<object>(new SignCertificate(request.Pem, request.Subject) { Lifetime = lifetime }, Patience).ConfigureAwait(false);
            if (answer is CertificateSigned signed) status["certificate"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(signed.CertificatePem));
            else Add(status, "SignerValidationFailure", answer is CertificateRefused refused ? refused.Why : "the authority did not sign");
        }
        var result = await _store.UpdateAsync(_store.SchemaOf(ResourceTypes.CertificateSigningRequests), key, tree, "status", AsController).ConfigureAwait(false);
        // A conflict brings a change with it, which is looked at again.
        return result.Error is { Reason: not ("Conflict" or "NotFound") } error ? new Failed(key, error.Message) : Done.Instance;
    }

    private void Add(JsonObject status, string reason, string message)
    {
        if (JsonTree.Array(status, "conditions") is not { } conditions) status["conditions"] = conditions = [];
        var now = Rfc3339.Seconds(_clock.GetUtcNow());
        conditions.Add(new JsonObject
        {
            ["type"] = "Failed",
            ["status"] = "True",
            ["reason"] = reason,
            ["message"] = message,
            ["lastUpdateTime"] = now,
            ["lastTransitionTime"] = now,
        });
    }

    private void RunSweep() => SweepAsync().PipeTo(Self, failure: static e => new Failed(default, e.Message));

    private async Task<object> SweepAsync()
    {
        var informer = await _registries.InformerAsync(ResourceTypes.CertificateSigningRequests).ConfigureAwait(false);
        var now = _clock.GetUtcNow();
        ImmutableArray<StoredObject> old = [.. informer.Objects.EnumerateFrom().Where(r => IsOld(r, now))];
        foreach (var request in old)
            await _store.DeleteAsync(_store.SchemaOf(ResourceTypes.CertificateSigningRequests), request.Key, new DeleteOptions { Uid = request.Meta.Uid, User = AsController.User }).ConfigureAwait(false);
        return Done.Instance;
    }

    /// <summary>Answered an hour ago, or waiting for a day. One that is approved may wait for its signer for as long as that takes.</summary>
    internal static bool IsOld(StoredObject request, DateTimeOffset now)
    {
        using var document = JsonDocument.Parse(request.Json);
        var status = document.RootElement.Get("status");
        var issued = status.Text("certificate").Length > 0;
        foreach (var condition in status.Items("conditions"))
            if ((condition.Text("type") is "Denied" or "Failed" || (issued && condition.Text("type") == "Approved"))
                && DateTimeOffset.TryParse(condition.Text("lastUpdateTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var decided)
                && now - decided > DecidedKept) return true;
        return status.Count("conditions") == 0 && request.Meta.CreationTimestamp is { } created && now - created > PendingKept;
    }

    private sealed record Again(ObjectKey Key);

    private sealed record Failed(ObjectKey Key, string Why);

    private sealed class Done
    {
        public static readonly Done Instance = new();
    }

    private sealed class Sweep
    {
        public static readonly Sweep Instance = new();
    }
}
