using System.Collections.Immutable;

namespace Akka.Cluster;

internal enum ReachabilityStatus
{
    Reachable = 0,
    Unreachable = 1,
    Terminated = 2,
}

/// <summary>
/// Who thinks of whom that he is not reachable. Immutable. Only other than "reachable" observations are recorded, and an
/// observer's records count only with that observer's version: of two states the newer row of an observer wins as a whole.
/// The number of records is bounded by members times monitors per member.
/// </summary>
internal sealed class Reachability
{
    public static readonly Reachability Empty = new([], ImmutableDictionary<UniqueAddress, long>.Empty);

    private readonly Dictionary<UniqueAddress, Dictionary<UniqueAddress, Record>> _byObserver = [];
    private readonly Dictionary<UniqueAddress, ReachabilityStatus> _bySubject = [];
    private readonly Lazy<ImmutableHashSet<UniqueAddress>> _allUnreachable;
    private readonly Lazy<ImmutableHashSet<UniqueAddress>> _allUnreachableOrTerminated;

    public Reachability(ImmutableList<Record> records, ImmutableDictionary<UniqueAddress, long> versions)
    {
        Records = records;
        Versions = versions;
        foreach (var record in records)
        {
            if (!_byObserver.TryGetValue(record.Observer, out var row))
                _byObserver[record.Observer] = row = [];
            row[record.Subject] = record;
            if (!_bySubject.TryGetValue(record.Subject, out var status) || status < record.Status)
                _bySubject[record.Subject] = record.Status;
        }

        _allUnreachable = new(() => [.. _bySubject.Where(s => s.Value == ReachabilityStatus.Unreachable).Select(s => s.Key)]);
        _allUnreachableOrTerminated = new(() => [.. _bySubject.Where(s => s.Value != ReachabilityStatus.Reachable).Select(s => s.Key)]);
    }

    public ImmutableList<Record> Records { get; }

    public ImmutableDictionary<UniqueAddress, long> Versions { get; }

    public bool IsAllReachable => _bySubject.Values.All(s => s == ReachabilityStatus.Reachable);

    public ImmutableHashSet<UniqueAddress> AllUnreachable => _allUnreachable.Value;

    public ImmutableHashSet<UniqueAddress> AllUnreachableOrTerminated => _allUnreachableOrTerminated.Value;

    public IEnumerable<UniqueAddress> AllObservers => _byObserver.Keys;

    public Reachability Unreachable(UniqueAddress observer, UniqueAddress subject) =>
        Change(observer, subject, ReachabilityStatus.Unreachable);

    public Reachability Reachable(UniqueAddress observer, UniqueAddress subject) =>
        Change(observer, subject, ReachabilityStatus.Reachable);

    public Reachability Terminated(UniqueAddress observer, UniqueAddress subject) =>
        Change(observer, subject, ReachabilityStatus.Terminated);

    /// <summary>What the observer says of the subject.</summary>
    public ReachabilityStatus Status(UniqueAddress observer, UniqueAddress subject) =>
        _byObserver.TryGetValue(observer, out var row) && row.TryGetValue(subject, out var record)
            ? record.Status
            : ReachabilityStatus.Reachable;

    /// <summary>What all observers together say of the subject: the worst of their words.</summary>
    public ReachabilityStatus Status(UniqueAddress subject) => _bySubject.GetValueOrDefault(subject, ReachabilityStatus.Reachable);

    public bool IsReachable(UniqueAddress subject) => Status(subject) == ReachabilityStatus.Reachable;

    public bool IsReachable(UniqueAddress observer, UniqueAddress subject) =>
        Status(observer, subject) == ReachabilityStatus.Reachable;

    /// <summary>Subjects that this observer calls unreachable.</summary>
    public IEnumerable<UniqueAddress> AllUnreachableFrom(UniqueAddress observer) =>
        _byObserver.TryGetValue(observer, out var row)
            ? row.Values.Where(r => r.Status == ReachabilityStatus.Unreachable).Select(r => r.Subject)
            : [];

    public IEnumerable<Record> RecordsFrom(UniqueAddress observer) =>
        _byObserver.TryGetValue(observer, out var row) ? row.Values : [];

    /// <summary>Observers of each subject that is not reachable.</summary>
    public ImmutableDictionary<UniqueAddress, ImmutableHashSet<UniqueAddress>> ObserversGroupedByUnreachable => Records
        .Where(r => r.Status == ReachabilityStatus.Unreachable)
        .GroupBy(r => r.Subject)
        .ToImmutableDictionary(g => g.Key, g => g.Select(r => r.Observer).ToImmutableHashSet());

    /// <summary>Of each allowed observer the newer row of the two; rows and subjects of others are dropped.</summary>
    public Reachability Merge(IReadOnlySet<UniqueAddress> allowed, Reachability other)
    {
        var records = ImmutableList.CreateBuilder<Record>();
        var versions = Versions.ToBuilder();
        foreach (var observer in allowed)
        {
            var mine = Versions.GetValueOrDefault(observer);
            var theirs = other.Versions.GetValueOrDefault(observer);
            var newer = mine >= theirs ? this : other;
            if (newer._byObserver.TryGetValue(observer, out var row))
                records.AddRange(row.Values.Where(r => allowed.Contains(r.Subject)));
            if (theirs > mine)
                versions[observer] = theirs;
        }

        foreach (var observer in Versions.Keys.Where(o => !allowed.Contains(o)))
            versions.Remove(observer);
        return new Reachability(records.ToImmutable(), versions.ToImmutable());
    }

    /// <summary>Without everything said by or about the given members.</summary>
    public Reachability Remove(IReadOnlySet<UniqueAddress> nodes) => nodes.Count == 0
        ? this
        : new Reachability(
            Records.RemoveAll(r => nodes.Contains(r.Observer) || nodes.Contains(r.Subject)),
            Versions.RemoveRange(nodes));

    /// <summary>Without what the given members say.</summary>
    public Reachability RemoveObservers(IReadOnlySet<UniqueAddress> nodes) => nodes.Count == 0
        ? this
        : new Reachability(Records.RemoveAll(r => nodes.Contains(r.Observer)), Versions.RemoveRange(nodes));

    /// <summary>Only what is said by and about the given members.</summary>
    public Reachability Filter(Func<Record, bool> keep)
    {
        var kept = Records.RemoveAll(r => !keep(r));
        return kept.Count == Records.Count ? this : new Reachability(kept, Versions);
    }

    private Reachability Change(UniqueAddress observer, UniqueAddress subject, ReachabilityStatus status)
    {
        var version = Versions.GetValueOrDefault(observer) + 1;
        var record = new Record(observer, subject, status, version);
        if (!_byObserver.TryGetValue(observer, out var row))
        {
            return status == ReachabilityStatus.Reachable
                ? this
                : new Reachability(Records.Add(record), Versions.SetItem(observer, version));
        }

        if (!row.TryGetValue(subject, out var old))
        {
            // An observer that sees everybody again needs no row; the version stays as the proof that the row is gone.
            if (status == ReachabilityStatus.Reachable)
            {
                return row.Values.All(r => r.Status == ReachabilityStatus.Reachable)
                    ? new Reachability(Records.RemoveAll(r => r.Observer.Equals(observer)), Versions.SetItem(observer, version))
                    : this;
            }

            return new Reachability(Records.Add(record), Versions.SetItem(observer, version));
        }

        // Terminated is final for this incarnation.
        if (old.Status == ReachabilityStatus.Terminated || old.Status == status)
            return this;
        var lastOne = status == ReachabilityStatus.Reachable &&
                      row.Values.All(r => r.Status == ReachabilityStatus.Reachable || r.Subject.Equals(subject));
        return lastOne
            ? new Reachability(Records.RemoveAll(r => r.Observer.Equals(observer)), Versions.SetItem(observer, version))
            : new Reachability(Records.Replace(old, record), Versions.SetItem(observer, version));
    }

    /// <inheritdoc />
    public override string ToString() =>
        string.Join(", ", Records.Select(r => $"{r.Observer.Address} -> {r.Subject.Address}: {r.Status} [{r.Version}]"));

    /// <summary>One observation; the version is that of the observer's row when it was made.</summary>
    internal sealed record Record(UniqueAddress Observer, UniqueAddress Subject, ReachabilityStatus Status, long Version);
}
