using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Registry;

public sealed class ChangeRingTests
{
    private readonly List<ObjectChange> _read = [];
    private ChangeRing _ring = new(16);
    private StoredObject? _last;
    private long _revision = 1;

    public ChangeRingTests() => _ring.StartAt(1);

    [Fact]
    public void Append_OfManyVersions_KeepsNoMoreBytesThanItMay()
    {
        for (var i = 0; i < 40; i++) Modify(now: 0, bytes: 1 << 20);

        Assert.InRange(_ring.Held, ChangeRing.HeldMax / 2, ChangeRing.HeldMax);
        Assert.False(_ring.TryRead(1, _read, int.MaxValue));
        Assert.True(_ring.TryRead(_ring.Complete, _read, int.MaxValue));
        Assert.Equal(Enumerable.Range(1, (int)(_revision - _ring.Complete)).Select(i => _ring.Complete + i), _read.Select(c => c.Object.Revision));
    }

    [Fact]
    public void Append_OfOneLargeVersion_KeepsIt()
    {
        Modify(now: 0, bytes: (int)ChangeRing.HeldMax);
        Modify(now: 0, bytes: 100);

        Assert.True(_ring.TryRead(_revision - 1, _read, int.MaxValue));
        Assert.Equal(_revision, Assert.Single(_read).Object.Revision);
    }

    [Fact]
    public void Forget_LetsGoOfWhatIsOld_AndOfNothingElse()
    {
        for (var i = 0; i < 20; i++) Modify(now: 1_000, bytes: 32 << 10);
        var old = _revision;
        for (var i = 0; i < 20; i++) Modify(now: 20_000, bytes: 32 << 10);

        _ring.Forget(now: 2_001 + ChangeRing.AgeMax);

        Assert.Equal(old, _ring.Complete);
        Assert.False(_ring.TryRead(old - 1, _read, int.MaxValue));
        Assert.True(_ring.TryRead(old, _read, int.MaxValue));
        Assert.Equal(20, _read.Count);

        _ring.Forget(now: 100_000);
        Assert.InRange(_ring.Held, 0, ChangeRing.HeldMin);
    }

    [Fact]
    public void Forget_OfWhatHoldsLittle_KeepsIt()
    {
        Modify(now: 0, bytes: 1000);
        Modify(now: 0, bytes: 1000);

        _ring.Forget(now: 1_000_000);

        Assert.True(_ring.TryRead(1, _read, int.MaxValue));
        Assert.Equal(2, _read.Count);
    }

    [Fact]
    public void Held_CountsWhatNothingElseNeeds_AndGoesBackToNothing()
    {
        Add(ChangeKind.Added, 0, 5000);
        Assert.Equal(0, _ring.Held);
        var first = _last!;
        Modify(now: 0, bytes: 7000);
        Assert.Equal(first.Length, _ring.Held);
        var second = _last!;
        Add(ChangeKind.Deleted, 0, 7000);
        Assert.Equal(first.Length + second.Length + _ring.At(_ring.Head - 1)!.Object.Length, _ring.Held);

        _last = null;
        for (var i = 0; i < 16; i++) Add(ChangeKind.Added, 0, 10);

        Assert.Equal(0, _ring.Held);
    }

    private void Modify(long now, int bytes) => Add(ChangeKind.Modified, now, bytes);

    private void Add(ChangeKind kind, long now, int bytes)
    {
        if (_ring.Head < 16 || kind != ChangeKind.Added) _ring = _ring.WithRoomFor(1);
        var o = TestObjects.Stored("a", ++_revision, data: new string('x', bytes));
        _ring.Append(new ObjectChange(kind, o, kind == ChangeKind.Added ? null : _last), now);
        _last = kind == ChangeKind.Deleted ? null : o;
    }
}
