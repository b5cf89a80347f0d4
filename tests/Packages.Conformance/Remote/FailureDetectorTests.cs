using Akka.Remote;

namespace Packages.Conformance.Remote;

public sealed class FailureDetectorTests
{
    private long _now = 1_000_000;

    [Theory]
    [InlineData(0.0, 10, 0, 10)]
    [InlineData(10.0, 10, 0.3, 0.31)]
    [InlineData(20.0, 10, 0.7, 1.0)]
    [InlineData(50.0, 10, 4.3, 5.0)]
    public void Phi_GrowsWithTheTimeSinceTheLastHeartbeat(double elapsed, double deviation, double atLeast, double atMost) =>
        Assert.InRange(PhiAccrualFailureDetector.Phi(elapsed, 10, deviation), atLeast, atMost);

    [Fact]
    public void Phi_IsMonotonic()
    {
        var last = 0.0;
        for (var elapsed = 1000; elapsed < 3000; elapsed += 10)
        {
            var phi = PhiAccrualFailureDetector.Phi(elapsed, 1000, 100);
            Assert.True(phi >= last, $"phi fell from {last} to {phi} at {elapsed}");
            last = phi;
        }
    }

    [Fact]
    public void Detector_BeforeTheFirstHeartbeat_IsAvailableAndDoesNotMonitor()
    {
        var detector = Detector();
        Assert.True(detector.IsAvailable);
        Assert.False(detector.IsMonitoring);
    }

    [Fact]
    public void Detector_WhenHeartbeatsStop_BecomesUnavailable_AndRecovers()
    {
        var detector = Detector();
        for (var i = 0; i < 20; i++)
        {
            detector.HeartBeat();
            _now += 1000;
        }

        Assert.True(detector.IsAvailable);
        _now += 10_000;
        Assert.False(detector.IsAvailable);
        detector.HeartBeat();
        Assert.True(detector.IsAvailable);
    }

    [Fact]
    public void Detector_PauseWithinTheAcceptable_IsTolerated()
    {
        var detector = Detector(pauseMillis: 3000);
        for (var i = 0; i < 20; i++)
        {
            detector.HeartBeat();
            _now += 1000;
        }

        _now += 2500;
        Assert.True(detector.IsAvailable);
    }

    [Fact]
    public void Detector_AnOutage_IsNotLearnedAsTheNormalRhythm()
    {
        var detector = Detector();
        for (var i = 0; i < 20; i++)
        {
            detector.HeartBeat();
            _now += 1000;
        }

        _now += 600_000;
        detector.HeartBeat();
        _now += 10_000;
        Assert.False(detector.IsAvailable);
    }

    [Fact]
    public void History_Full_ForgetsTheOldest()
    {
        var history = new HeartbeatHistory(3);
        foreach (var interval in (long[])[1000, 10, 20, 30])
            history.Add(interval);
        Assert.Equal(3, history.Count);
        Assert.Equal(20, history.Mean);
        Assert.Equal(Math.Sqrt(200.0 / 3), history.StdDeviation, 6);
    }

    [Fact]
    public void DeadlineDetector_AfterTheDeadline_IsUnavailable()
    {
        var detector = new DeadlineFailureDetector(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), () => _now);
        Assert.True(detector.IsAvailable);
        detector.HeartBeat();
        _now += 1999;
        Assert.True(detector.IsAvailable);
        _now += 1;
        Assert.False(detector.IsAvailable);
    }

    private PhiAccrualFailureDetector Detector(int pauseMillis = 0) => new(8, 1000, TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMilliseconds(pauseMillis), TimeSpan.FromSeconds(1), () => _now);
}
