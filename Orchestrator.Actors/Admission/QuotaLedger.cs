using System.Collections.Concurrent;
using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission;

/// <summary>Charges quotas: requests of one namespace that come while a charge is being written are charged together by the next one.</summary>
/// <remarks>
/// A charge is a compare-and-swap of the quota's status, and it is committed before the object that it is for. So requests through
/// several processes cannot together exceed a quota. A charge of which nothing came is given back where that is known; else it is taken
/// back by the quota controller, which counts what there is.
/// </remarks>
internal sealed class QuotaLedger
{
    /// <summary>Most requests charged by one write (count).</summary>
    private const int BatchMax = 500;

    /// <summary>Most tries of a charge that loses against other processes (count). One of those that race wins each time.</summary>
    private const int RoundsMax = 30;

    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);

    /// <summary>Charges the request to all quotas of the namespace that count it.</summary>
    public QuotaCharge Charge(string ns, QuotaRequest request, bool dryRun, IRegistries registries)
    {
        var account = _accounts.GetOrAdd(ns, static ns => new Account(ns));
        var waiting = new Waiting(request, dryRun);
        account.Enqueue(waiting, registries);
        return new QuotaCharge(waiting.Answer.Task, () => account.GiveBack(waiting, registries));
    }

    private sealed class Waiting(QuotaRequest request, bool dryRun)
    {
        public QuotaRequest Request { get; } = request;
        public bool DryRun { get; } = dryRun;
        public TaskCompletionSource<ApiError?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The quotas that have been charged, by uid, when others have to be tried again.</summary>
        public HashSet<string> Charged { get; } = new(StringComparer.Ordinal);

        /// <summary>The quotas that are concerned, by uid; null for all.</summary>
        public HashSet<string>? Only { get; init; }
    }

    /// <summary>The quotas of one namespace as this process last saw or wrote them, and who waits for them.</summary>
    private sealed class Account(string ns)
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, StoredObject> _written = new(StringComparer.Ordinal);
        private List<Waiting> _queue = [];
        private bool _running;

        public void Enqueue(Waiting waiting, IRegistries registries)
        {
            lock (_lock)
            {
                _queue.Add(waiting);
                if (_running) return;
                _running = true;
            }
            _ = RunAsync(registries);
        }

        /// <summary>Takes back what was charged, in the background.</summary>
        public void GiveBack(Waiting charged, IRegistries registries)
        {
            if (charged.Charged.Count > 0)
                Enqueue(new Waiting(charged.Request.Reversed(), dryRun: false) { Only = charged.Charged }, registries);
        }

        private async Task RunAsync(IRegistries registries)
        {
            // Those who called in the same breath, as a batch does, are charged together.
            await Task.Yield();
            while (Take() is { } batch)
            {
                try
                {
                    await ChargeAsync(batch, registries).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    foreach (var waiting in batch) waiting.Answer.TrySetResult(ApiError.Internal($"the quotas of namespace {ns} could not be charged: {e.Message}"));
                }
            }
        }

        private List<Waiting>? Take()
        {
            lock (_lock)
            {
                if (_queue.Count == 0)
                {
                    _running = false;
                    return null;
                }
                if (_queue.Count <= BatchMax)
                {
                    var all = _queue;
                    _queue = [];
                    return all;
                }
                var batch = _queue[..BatchMax];
                _queue.RemoveRange(0, BatchMax);
                return batch;
            }
        }

        private async Task ChargeAsync(List<Waiting> batch, IRegistries registries)
        {
            var informer = await registries.InformerAsync(ResourceTypes.ResourceQuotas).ConfigureAwait(false);
            var consistent = false;
            for (var round = 1; batch.Count > 0; round++)
            {
                var (left, denied, writes) = Decide(batch, Current(informer), final: consistent);
                var lost = await WriteAsync(writes, left, registries).ConfigureAwait(false);
                // What was seen of the quotas may be old: a refusal is only given by what is true now.
                batch = [.. lost, .. denied];
                if (batch.Count == 0) return;
                if (round == RoundsMax)
                {
                    foreach (var waiting in batch)
                        waiting.Answer.TrySetResult(ApiError.ServerTimeout(waiting.Request.Type, "create"));
                    return;
                }
                informer = await registries.ConsistentAsync(ResourceTypes.ResourceQuotas).ConfigureAwait(false);
                consistent = true;
            }
        }

        /// <summary>Every quota at the newest version that is known here: the informer may not show yet what was just written.</summary>
        private List<ResourceQuotaView> Current(Informer informer)
        {
            var objects = informer.Objects;
            foreach (var (name, written) in _written.ToArray())
                if (written.Revision <= objects.Revision) _written.Remove(name);
            var quotas = new List<ResourceQuotaView>();
            foreach (var quota in objects.InNamespace(ns))
                quotas.Add(ResourceQuotaView.Of(_written.TryGetValue(quota.Key.Name, out var newer) && newer.Revision > quota.Revision ? newer : quota));
            return quotas;
        }

        /// <summary>Decides the batch on top of the quotas. Refusals are given when <paramref name="final"/>, else handed back.</summary>
        private static (List<Waiting> Charged, List<Waiting> Denied, List<(ResourceQuotaView Quota, ImmutableSortedDictionary<string, Quantity> Used)> Writes) Decide(
            List<Waiting> batch, List<ResourceQuotaView> quotas, bool final)
        {
            var used = quotas.Select(static q => q.Used).ToArray();
            var charged = new List<Waiting>();
            var denied = new List<Waiting>();
            var next = new ImmutableSortedDictionary<string, Quantity>?[quotas.Count];
            foreach (var waiting in batch)
            {
                ApiError? error = null;
                for (var i = 0; i < quotas.Count && error is null; i++)
                {
                    next[i] = null;
                    var uid = quotas[i].Source.Meta.Uid;
                    if (!waiting.Charged.Contains(uid) && waiting.Only?.Contains(uid) != false) (next[i], error) = QuotaCheck.Charge(quotas[i], used[i], waiting.Request);
                }
                if (error is not null)
                {
                    if (final) waiting.Answer.TrySetResult(error);
                    else denied.Add(waiting);
                    continue;
                }
                if (waiting.DryRun)
                {
                    waiting.Answer.TrySetResult(null);
                    continue;
                }
                for (var i = 0; i < quotas.Count; i++) used[i] = next[i] ?? used[i];
                charged.Add(waiting);
            }
            return (charged, denied, [.. quotas.Zip(used).Where(static q => !ReferenceEquals(q.First.Used, q.Second))]);
        }

        /// <summary>Writes the charges; answers those that are charged everywhere, and returns those that lost against another writer.</summary>
        private async Task<List<Waiting>> WriteAsync(
            List<(ResourceQuotaView Quota, ImmutableSortedDictionary<string, Quantity> Used)> writes, List<Waiting> charged, IRegistries registries)
        {
            if (writes.Count == 0)
            {
                foreach (var waiting in charged) waiting.Answer.TrySetResult(null);
                return [];
            }
            var results = await registries.WriteAsync(ResourceTypes.ResourceQuotas,
                [.. writes.Select(static w => (ObjectWrite)new ReplaceStatus(w.Quota.Key, JsonTree.ToUtf8(QuotaCheck.Status(w.Quota.Hard, w.Used)),
                    w.Quota.Source.Meta.Uid, w.Quota.Source.Revision))], static _ => UserInfo.ApiServer).ConfigureAwait(false);
            ApiError? failure = null;
            var lost = false;
            for (var i = 0; i < results.Length; i++)
            {
                var uid = writes[i].Quota.Source.Meta.Uid;
                if (results[i].Object is { } written)
                {
                    _written[written.Key.Name] = written;
                    foreach (var waiting in charged) waiting.Charged.Add(uid);
                }
                else if (results[i].Error is { Reason: "Conflict" or "NotFound" }) lost = true;
                else failure ??= results[i].Error;
            }
            if (lost && failure is null) return charged;
            foreach (var waiting in charged) waiting.Answer.TrySetResult(failure);
            return [];
        }
    }
}

/// <summary>A charge under way.</summary>
/// <param name="Answer">The refusal, or null once everything is charged.</param>
/// <param name="GiveBack">Takes it back; only after it was answered with null.</param>
internal sealed record QuotaCharge(Task<ApiError?> Answer, Action GiveBack);
