using Orchestrator.Actors.Kinds.CertificateSigningRequests;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Only who may <c>approve</c> for a signer approves or denies requests to it.</summary>
/// <remarks>Source: plugin/pkg/admission/certificates/approval of Kubernetes.</remarks>
public sealed class CertificateApproval(AuthorizationCheck authorizer) : IAdmissionPlugin
{
    public string Name => "CertificateApproval";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Schema.Type == ResourceTypes.CertificateSigningRequests && request.Operation == AdmissionOperation.Update && request.Subresource == "approval"
            ? SignerRights.CheckAsync(authorizer, "approve", request, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);
}

/// <summary>Only who may <c>sign</c> for a signer writes certificates, or that one failed.</summary>
/// <remarks>Source: plugin/pkg/admission/certificates/signing of Kubernetes.</remarks>
public sealed class CertificateSigning(AuthorizationCheck authorizer) : IAdmissionPlugin
{
    public string Name => "CertificateSigning";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Schema.Type != ResourceTypes.CertificateSigningRequests || request.Operation != AdmissionOperation.Update || request.Subresource != "status"
            || request.Stored is not { } stored) return ValueTask.FromResult<ApiError?>(null);
        var (now, before) = (JsonTree.Object(request.Object, "status"), JsonTree.Object(stored.ToTree(), "status"));
        return JsonTree.DeepEquals(now?["certificate"], before?["certificate"]) && JsonTree.DeepEquals(now?["conditions"], before?["conditions"])
            ? ValueTask.FromResult<ApiError?>(null)
            : SignerRights.CheckAsync(authorizer, "sign", request, cancellationToken);
    }
}

/// <summary>Nobody gets a client certificate of the group of masters by a request.</summary>
/// <remarks>Source: plugin/pkg/admission/certificates/subjectrestriction of Kubernetes.</remarks>
public sealed class CertificateSubjectRestriction : IAdmissionPlugin
{
    public string Name => "CertificateSubjectRestriction";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (request.Schema.Type != ResourceTypes.CertificateSigningRequests || request.Operation != AdmissionOperation.Create || request.Object is null
            || JsonTree.String(JsonTree.Object(request.Object, "spec"), "signerName") != SigningRequest.ClientSigner) return ValueTask.FromResult<ApiError?>(null);
        return ValueTask.FromResult(SigningRequest.Read(request.Object).Request is { } asked && asked.Subject.Organizations.Contains("system:masters")
            ? ApiError.Forbidden(ResourceTypes.CertificateSigningRequests, request.Key.Name, "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed")
            : null);
    }
}

/// <summary>The rights on signers, which are resources that nobody stores.</summary>
internal static class SignerRights
{
    private static readonly ResourceType Signers = new("certificates.k8s.io", "signers");

    public static async ValueTask<ApiError?> CheckAsync(AuthorizationCheck authorizer, string verb, AdmissionRequest request, CancellationToken cancellationToken)
    {
        // The signer of the stored request counts: the object that comes in says what its sender wants.
        var signer = JsonTree.String(JsonTree.Object(request.Stored?.ToTree() ?? request.Object, "spec"), "signerName") ?? "";
        if (await authorizer(request.User, verb, Signers, "", new ObjectKey("", signer), cancellationToken).ConfigureAwait(false)) return null;
        // A right on DOMAIN/* is one on all signers of the domain.
        var domain = signer.Split('/')[0];
        return await authorizer(request.User, verb, Signers, "", new ObjectKey("", $"{domain}/*"), cancellationToken).ConfigureAwait(false)
            ? null
            : ApiError.Forbidden(ResourceTypes.CertificateSigningRequests, request.Key.Name, $"user not permitted to {verb} requests with signerName {GoQuote.Quote(signer)}");
    }
}
