namespace Akka.TestKit;

/// <summary>Opens once it was counted down to zero.</summary>
public class TestLatch
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);
    private readonly Func<TimeSpan, TimeSpan> _dilate;
    private readonly TimeSpan _defaultTimeout;
    private readonly int _count;
    private CountdownEvent _latch;

    public TestLatch() : this(1) { }

    public TestLatch(int count) : this(count, DefaultTimeout) { }

    public TestLatch(int count, TimeSpan defaultTimeout) : this(t => t, defaultTimeout, count) { }

    protected internal TestLatch(Func<TimeSpan, TimeSpan> dilate, TimeSpan defaultTimeout, int count) =>
        (_dilate, _defaultTimeout, _count, _latch) = (dilate, defaultTimeout, count, new CountdownEvent(count));

    public bool IsOpen => _latch.CurrentCount == 0;

    public void CountDown()
    {
        if (!IsOpen) _latch.Signal();
    }

    public void Open()
    {
        while (!IsOpen) CountDown();
    }

    public void Reset() => _latch = new CountdownEvent(_count);

    /// <exception cref="TimeoutException">It did not open in time.</exception>
    public void Ready(TimeSpan timeout)
    {
        if (!_latch.Wait(_dilate(timeout))) throw new TimeoutException($"Timeout of {timeout} while waiting for a latch");
    }

    public void Ready() => Ready(_defaultTimeout);
}
