using Akka.Actor;

namespace Akka.Pattern;

/// <summary>A call was refused because the circuit breaker is open.</summary>
public class OpenCircuitException : AkkaException
{
    public OpenCircuitException(string message = "Circuit breaker is open; calls fail at once", Exception cause = null) : base(message, cause) { }

    public OpenCircuitException(string message, Exception cause, TimeSpan remainingDuration) : base(message, cause) => RemainingDuration = remainingDuration;

    public OpenCircuitException(TimeSpan remainingDuration) : this() => RemainingDuration = remainingDuration;

    /// <summary>Time until the breaker lets a call through again, as a trial.</summary>
    public TimeSpan RemainingDuration { get; }
}

/// <summary>A failure that a caller of <see cref="CircuitBreaker.Fail"/> reported without an error of its own.</summary>
public sealed class UserCalledFailException() : AkkaException("The call was reported as failed");
