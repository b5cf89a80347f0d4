namespace Orchestrator.Host.ApiServer;

/// <summary>What came of one attempt to ask a service by a review.</summary>
public enum ReviewResult
{
    Success,

    /// <summary>It answered, and not with a review, or could not be reached.</summary>
    Error,

    /// <summary>It did not answer in time.</summary>
    Timeout,

    /// <summary>Nobody waits for the answer any more.</summary>
    Canceled,
}

/// <summary>A service did not answer a review.</summary>
public sealed class ReviewException(string message, ReviewResult result) : HttpRequestException(message)
{
    /// <summary>Never <see cref="ReviewResult.Success"/>.</summary>
    public ReviewResult Result => result;
}
