using Orchestrator.Actors.Authentication;
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
        WireCodec.Json<FrontProxyAuthorityCreated>("front-proxy-authority-created"),
        WireCodec.Json<SignToken>("sign-token"),
        WireCodec.Json<TokenSigned>("token-signed"),
        WireCodec.Json<GetTokenKeys>("get-token-keys"),
        WireCodec.Json<TokenKeys>("token-keys"),
        WireCodec.Json<TokenKeyCreated>("token-key-created"),
    ];
}
