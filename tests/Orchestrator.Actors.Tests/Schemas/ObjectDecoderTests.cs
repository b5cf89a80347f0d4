using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Schemas;

public sealed class ObjectDecoderTests
{
    private static readonly ResourceSchema Pods = SchemaCatalog.BuiltIn.Find("", "v1", "pods")!;

    private static DecodedObject Decode(string body, FieldValidation validation = FieldValidation.Strict) =>
        ObjectDecoder.Decode(Pods, Encoding.UTF8.GetBytes(body), validation);

    [Theory]
    [InlineData("""{"spec":{"containers":"x"}}""", "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container")]
    [InlineData("""{"spec":{"containers":[{"name":5}]}}""", "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string")]
    [InlineData("""{"spec":{"terminationGracePeriodSeconds":"x"}}""", "json: cannot unmarshal string into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64")]
    [InlineData("""{"spec":{"priority":3000000000}}""", "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32")]
    [InlineData("""{"spec":{"priority":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32")]
    [InlineData("""{"metadata":{"labels":{"a":1}}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.a of type string")]
    [InlineData("""{"metadata":[]}""", "json: cannot unmarshal array into Go struct field Pod.metadata of type v1.ObjectMeta")]
    [InlineData("""{"spec":{"containers":[{"resources":{"limits":{"cpu":"much"}}}]}}""", Quantity.FormatFault)]
    [InlineData("""{"spec":{"foo":1,"containers":[{"imag":"b"}]}}""", "strict decoding error: unknown field \"spec.foo\", unknown field \"spec.containers[0].imag\"")]
    [InlineData("""{"spec":{"hostname":"a","hostname":"b"}}""", "strict decoding error: duplicate field \"spec.hostname\"")]
    [InlineData("""{"spec":{"foo":1,"hostname":"a","hostname":"b"}}""", "strict decoding error: unknown field \"spec.foo\", duplicate field \"spec.hostname\"")]
    [InlineData("""{"spec":{"containers":[{"name":"a"},{"name":"b","name":"c","imag":1}],"foo":{"a":1,"a":2},"foo":3}}""",
        "strict decoding error: duplicate field \"spec.containers[1].name\", unknown field \"spec.containers[1].imag\", unknown field \"spec.foo\"")]
    public void Decode_BadBody_SaysWhatKubernetesSays(string body, string fault)
    {
        var error = Decode(body).Error!;
        Assert.Equal(400, error.Code);
        Assert.Equal("BadRequest", error.Reason);
        Assert.Equal($"Pod in version \"v1\" cannot be handled as a Pod: {fault}", error.Message);
    }

    [Theory]
    [InlineData("""{"kind":"Service","apiVersion":"v1"}""", "Service in version \"v1\" cannot be handled as a Pod: the kind in the data (Service) does not match the expected kind (Pod)")]
    [InlineData("""{"kind":"Pod","apiVersion":"v2"}""", "the API version in the data (v2) does not match the expected API version (v1)")]
    [InlineData("{", "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: unexpected end of JSON input ({)")]
    public void Decode_WrongEnvelope_IsABadRequest(string body, string message) => Assert.Equal(message, Decode(body).Error!.Message);

    [Fact]
    public void Decode_Warn_KeepsTheObjectWithoutTheUnknownFields()
    {
        var decoded = Decode("""{"spec":{"foo":1,"hostname":"h"}}""", FieldValidation.Warn);
        Assert.Equal(["unknown field \"spec.foo\""], decoded.Warnings.ToArray());
        Assert.Equal("""{"spec":{"hostname":"h"},"apiVersion":"v1","kind":"Pod"}""", JsonTree.ToText(decoded.Tree));
        Assert.Empty(Decode("""{"spec":{"foo":1}}""", FieldValidation.Ignore).Warnings);
    }

    [Fact]
    public void Decode_Nulls_CountAsAbsent()
    {
        var decoded = Decode("""{"metadata":{"creationTimestamp":null,"labels":{"a":null}},"spec":null}""");
        Assert.Equal("""{"metadata":{"labels":{"a":""}},"apiVersion":"v1","kind":"Pod"}""", JsonTree.ToText(decoded.Tree));
    }

    [Fact]
    public void Decode_QuantitiesAndTimes_BecomeCanonical()
    {
        var decoded = Decode("""{"metadata":{"creationTimestamp":"2024-01-02T03:04:05+01:00"},"spec":{"overhead":{"cpu":"0.5","memory":1048576}}}""");
        Assert.Equal("2024-01-02T02:04:05Z", JsonTree.AsString(decoded.Tree!["metadata"]!["creationTimestamp"]));
        Assert.Equal("""{"cpu":"500m","memory":"1048576"}""", JsonTree.ToText(decoded.Tree["spec"]!["overhead"]));
    }

    [Fact]
    public void Check_ValuesSetByCode_CountLikeParsedOnes()
    {
        var tree = new JsonObject
        {
            ["spec"] = new JsonObject { ["priority"] = 3, ["terminationGracePeriodSeconds"] = 30L },
        };
        Assert.Null(ObjectDecoder.Check(Pods, tree, FieldValidation.Strict).Error);
    }
}
