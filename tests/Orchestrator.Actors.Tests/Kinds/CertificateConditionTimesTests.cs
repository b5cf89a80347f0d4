using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Tests.Kinds;

/// <summary>The times of conditions of a signing request, which clients leave to the server.</summary>
public sealed class CertificateConditionTimesTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Theory]
    // What the client says, what was stored, and the two times that come of it.
    [InlineData("{}", "", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z")]
    [InlineData("{}", "True", "2020-01-01T00:00:00Z", "2001-01-01T00:00:00Z")]
    [InlineData("{}", "False", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z")]
    [InlineData("""{"lastUpdateTime":"2010-01-01T00:00:00Z","lastTransitionTime":"2011-01-01T00:00:00Z"}""", "True", "2010-01-01T00:00:00Z", "2011-01-01T00:00:00Z")]
    public void Times_AreThoseOfTheServerWhereTheClientSaysNone(string given, string storedStatus, string updated, string transition)
    {
        var condition = JsonNode.Parse(given)!.AsObject();
        (condition["type"], condition["status"]) = ("Approved", "True");
        var tree = new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) } };
        var stored = new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["conditions"] = storedStatus.Length == 0
            ? []
            : new JsonArray(new JsonObject { ["type"] = "Approved", ["status"] = storedStatus, ["lastTransitionTime"] = "2001-01-01T00:00:00Z" })
            }
        };
        ObjectUpdate.Prepare(Orchestrator.Actors.Schemas.SchemaCatalog.BuiltIn.Find(ResourceTypes.CertificateSigningRequests)!, tree, stored, "approval", Now);
        Assert.Equal((updated, transition), ((string?)tree["status"]!["conditions"]![0]!["lastUpdateTime"], (string?)tree["status"]!["conditions"]![0]!["lastTransitionTime"]));
    }
}
