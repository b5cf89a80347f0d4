using Orchestrator.Actors.Authentication;

namespace Orchestrator.Host.ApiServer.FlowControl;

/// <summary>What flow schemas look at.</summary>
public readonly record struct FlowRequest(UserInfo User, RequestInfo Request)
{
    /// <summary>Such as <c>pods/status</c>.</summary>
    public string Resource => Request.Subresource.Length == 0 ? Request.Resource : $"{Request.Resource}/{Request.Subresource}";
}
