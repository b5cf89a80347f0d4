using Akka.Actor;

namespace Akka.Pattern;

/// <summary>What the options of a backoff supervisor come down to.</summary>
internal sealed class BackoffSettings : BackoffOptions
{
    public BackoffSettings(bool onFailure, Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor)
    {
        ArgumentNullException.ThrowIfNull(childProps);
        ArgumentException.ThrowIfNullOrEmpty(childName);
        if (minBackoff <= TimeSpan.Zero) throw new ArgumentException("minBackoff must be greater than zero", nameof(minBackoff));
        if (maxBackoff < minBackoff) throw new ArgumentException("maxBackoff must not be below minBackoff", nameof(maxBackoff));
        if (randomFactor is < 0.0 or > 1.0) throw new ArgumentException("randomFactor must be between 0 and 1", nameof(randomFactor));
        (OnFailure, ChildProps, ChildName, MinBackoff, MaxBackoff, RandomFactor) = (onFailure, childProps, childName, minBackoff, maxBackoff, randomFactor);
        AutoReset = minBackoff;
    }

    private BackoffSettings(BackoffSettings other)
        : this(other.OnFailure, other.ChildProps, other.ChildName, other.MinBackoff, other.MaxBackoff, other.RandomFactor) =>
        (AutoReset, Strategy, ReplyWhileStopped, IsFinalStopMessage) = (other.AutoReset, other.Strategy, other.ReplyWhileStopped, other.IsFinalStopMessage);

    public bool OnFailure { get; }
    public Props ChildProps { get; }
    public string ChildName { get; }
    public TimeSpan MinBackoff { get; }
    public TimeSpan MaxBackoff { get; }
    public double RandomFactor { get; }

    /// <summary>Null when only the child resets.</summary>
    public TimeSpan? AutoReset { get; private init; }

    public OneForOneStrategy Strategy { get; private init; } = new(SupervisorStrategy.DefaultDecider);
    public object ReplyWhileStopped { get; private init; }
    public Func<object, bool> IsFinalStopMessage { get; private init; }

    internal override Props Props => Props.Create(() => new BackoffSupervisor(this));

    public override BackoffOptions WithAutoReset(TimeSpan resetBackoff) =>
        resetBackoff >= MinBackoff && resetBackoff <= MaxBackoff ? new BackoffSettings(this) { AutoReset = resetBackoff }
            : throw new ArgumentException("resetBackoff must be between minBackoff and maxBackoff", nameof(resetBackoff));

    public override BackoffOptions WithManualReset() => new BackoffSettings(this) { AutoReset = null };

    public override BackoffOptions WithSupervisorStrategy(OneForOneStrategy supervisorStrategy) => new BackoffSettings(this) { Strategy = supervisorStrategy };

    public override BackoffOptions WithDefaultStoppingStrategy() =>
        new BackoffSettings(this) { Strategy = SupervisorStrategy.StoppingStrategy.WithMaxNrOfRetries(Strategy.MaxNumberOfRetries) };

    public override BackoffOptions WithReplyWhileStopped(object replyWhileStopped) => new BackoffSettings(this) { ReplyWhileStopped = replyWhileStopped };

    public override BackoffOptions WithMaxNrOfRetries(int maxNrOfRetries) =>
        new BackoffSettings(this) { Strategy = Strategy.WithMaxNrOfRetries(maxNrOfRetries) };

    public override BackoffOptions WithFinalStopMessage(Func<object, bool> isFinalStopMessage) =>
        new BackoffSettings(this) { IsFinalStopMessage = isFinalStopMessage };

    /// <summary>The wait before the next start: doubles from the least to the longest, plus a random share.</summary>
    public TimeSpan Delay(int restarts)
    {
        var random = 1.0 + (Random.Shared.NextDouble() * RandomFactor);
        var doubled = restarts >= 30 ? MaxBackoff.TotalMilliseconds : MinBackoff.TotalMilliseconds * (1L << restarts);
        return TimeSpan.FromMilliseconds(Math.Min(MaxBackoff.TotalMilliseconds, doubled) * random);
    }
}
