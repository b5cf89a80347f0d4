using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Certificates;

internal static class CertificateCodecs
{
    public static IEnumerable<WireCodec> All =>
    [
        WireCodec.Json<SignCertificate>("sign-certificate"),
        WireCodec.Json<CertificateSigned>("certificate-signed"),
        WireCodec.Json<CertificateRefused>("certificate-refused"),
        WireCodec.Json<AuthorityCreated>("authority-created"),
    ];
}
