using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Actors.Kinds.CertificateSigningRequests;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds;

/// <summary>What the signer makes of requests, and how long they are kept.</summary>
public sealed class CertificateSigningRequestTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Denied", "", true)]
    [InlineData("Failed", "", true)]
    [InlineData("Approved", "Y2VydA==", true)]
    // Its signer may be slow, or people.
    [InlineData("Approved", "", false)]
    [InlineData("Noticed", "", false)]
    public void AnsweredRequest_IsKeptForAnHour(string condition, string certificate, bool goes)
    {
        StoredObject Request(DateTimeOffset at) => new(new ObjectKey("", "r"), 1, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "r", ["creationTimestamp"] = Rfc3339.Seconds(Now.AddDays(-1)) },
            ["status"] = new JsonObject
            {
                ["certificate"] = certificate,
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = condition, ["lastUpdateTime"] = Rfc3339.Seconds(at) }),
            },
        }.ToJsonString()));
        Assert.Equal(goes, CertificateSigner.IsOld(Request(Now.AddHours(-2)), Now));
        Assert.False(CertificateSigner.IsOld(Request(Now.AddMinutes(-30)), Now));
    }

    [Fact]
    public void SubjectThatIsNoText_IsAFault()
    {
        // A part of two elements, of which one says that it is UTF-8 and is not.
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSetOf())
        {
            foreach (var oid in (string[])["2.5.4.3", "2.5.4.10"])
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteEncodedValue([0x0c, 0x02, 0xff, 0xfe]);
                }
        }
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = new CertificateRequest(new X500DistinguishedName(writer.Encode()), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        var (request, fault) = SigningRequest.Read(new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["signerName"] = SigningRequest.ClientSigner,
                ["usages"] = new JsonArray("client auth"),
                ["request"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(pem)),
            },
        });
        Assert.Null(request);
        Assert.StartsWith("unable to parse csr: ", fault, StringComparison.Ordinal);
    }
}
