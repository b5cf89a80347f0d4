namespace Akka.TestKit;

/// <summary>Lets threads go on once the given number of them arrived.</summary>
public class TestBarrier(TestKitBase testKit, int count, TimeSpan? defaultTimeout = null)
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);
    private Barrier _barrier = new(count);

    public void Await() => Await(defaultTimeout ?? DefaultTimeout);

    /// <exception cref="TimeoutException">The others did not arrive in time.</exception>
    public void Await(TimeSpan timeout)
    {
        if (!_barrier.SignalAndWait(testKit.Dilated(timeout))) throw new TimeoutException($"Timeout of {timeout} while waiting at a barrier for {count}");
    }

    public void Reset() => _barrier = new Barrier(count);
}
