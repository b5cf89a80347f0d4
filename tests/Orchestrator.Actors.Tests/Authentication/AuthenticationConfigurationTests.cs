using System.Text;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Tests.Authentication;

/// <summary>What an AuthenticationConfiguration may say, and the users that come of it.</summary>
public sealed class AuthenticationConfigurationTests
{
    private const string Issuer = """ "issuer":{"url":"https://a.example.com","audiences":["x"]} """;
    private const string Username = """ "username":{"claim":"sub","prefix":""} """;

    [Theory]
    [InlineData("""{"claimMappings":{"username":{"claim":"sub","prefix":""}}}""", "jwt[0].issuer.url: Required value", "jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required")]
    [InlineData("""{"issuer":{"url":"http://u:p@a.example.com/?q=1#f","audiences":["x","x",""]},"claimMappings":{"username":{"claim":"sub","prefix":""}}}""",
        "jwt[0].issuer.url: Invalid value: \"http://u:p@a.example.com/?q=1#f\": URL scheme must be https",
        "jwt[0].issuer.url: Invalid value: \"http://u:p@a.example.com/?q=1#f\": URL must not contain a username or password",
        "jwt[0].issuer.url: Invalid value: \"http://u:p@a.example.com/?q=1#f\": URL must not contain a query",
        "jwt[0].issuer.url: Invalid value: \"http://u:p@a.example.com/?q=1#f\": URL must not contain a fragment",
        "jwt[0].issuer.audiences[1]: Duplicate value: \"x\"", "jwt[0].issuer.audiences[2]: Required value",
        "jwt[0].issuer.audienceMatchPolicy: Invalid value: \"\": audienceMatchPolicy must be MatchAny for multiple audiences")]
    [InlineData("""{"issuer":{"url":"https://own","discoveryURL":"https://own/","audiences":["x"],"audienceMatchPolicy":"All","certificateAuthority":"no"},"claimMappings":{"username":{"claim":"sub","prefix":""}}}""",
        "jwt[0].issuer.url: Invalid value: \"https://own\": URL must not overlap with disallowed issuers: [https://own]",
        "jwt[0].issuer.discoveryURL: Invalid value: \"https://own/\": discoveryURL must be different from URL",
        "jwt[0].issuer.audienceMatchPolicy: Invalid value: \"All\": audienceMatchPolicy must be empty or MatchAny for single audience",
        "jwt[0].issuer.certificateAuthority: Invalid value: \"<omitted>\": data does not contain any valid RSA or ECDSA certificates")]
    [InlineData($$"""{ {{Issuer}} ,"claimMappings":{} }""", "jwt[0].claimMappings.username: Required value: claim or expression is required")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{"username":{"claim":"sub"},"groups":{"claim":"a","expression":"b"},"uid":{"claim":"a","expression":"b"} }}""",
        "jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing",
        "jwt[0].claimMappings.groups: Invalid value: \"\": claim and expression can't both be set",
        "jwt[0].claimMappings.uid: Invalid value: \"\": claim and expression can't both be set")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{"username":{"expression":"claims.sub","prefix":"p"} }}""", "jwt[0].claimMappings.username.prefix: Invalid value: \"p\": may not be specified when expression is set")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{"username":{"expression":"claim.sub"} }}""",
        "jwt[0].claimMappings.username.expression: Invalid value: \"claim.sub\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'claim' (in container '')\n | claim.sub\n | ^")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{ {{{Username}}} },"claimValidationRules":[{},{"claim":"a","expression":"b"},{"claim":"c","message":"m"},{"claim":"c"},{"expression":"'x'"},{"expression":"true","requiredValue":"v"},{"expression":"true"}]}""",
        "jwt[0].claimValidationRules[0]: Required value: claim or expression is required",
        "jwt[0].claimValidationRules[1]: Invalid value: \"a\": claim and expression can't both be set",
        "jwt[0].claimValidationRules[2].message: Invalid value: \"m\": may not be specified when claim is set",
        "jwt[0].claimValidationRules[3].claim: Duplicate value: \"c\"",
        "jwt[0].claimValidationRules[4].expression: Invalid value: \"'x'\": must evaluate to bool",
        "jwt[0].claimValidationRules[5].requiredValue: Invalid value: \"v\": may not be specified when expression is set",
        "jwt[0].claimValidationRules[6].expression: Duplicate value: \"true\"")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{ {{{Username}}},"extra":[{"key":""},{"key":"a","valueExpression":"''"},{"key":"A.io/b","valueExpression":"''"},{"key":"x.k8s.io/b","valueExpression":"''"},{"key":"a.io/b"},{"key":"a.io/b"}]}}""",
        "jwt[0].claimMappings.extra[0].key: Required value", "jwt[0].claimMappings.extra[0].valueExpression: Required value",
        "jwt[0].claimMappings.extra[1].key: Invalid value: \"a\": must be a domain-prefixed path (such as \"acme.io/foo\")",
        "jwt[0].claimMappings.extra[2].key: Invalid value: \"A.io\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "jwt[0].claimMappings.extra[2].key: Invalid value: \"A.io/b\": must be lowercase",
        "jwt[0].claimMappings.extra[3].key: Invalid value: \"x.k8s.io/b\": k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use",
        "jwt[0].claimMappings.extra[4].valueExpression: Required value", "jwt[0].claimMappings.extra[5].key: Duplicate value: \"a.io/b\"")]
    [InlineData($$$"""{ {{{Issuer}}} ,"claimMappings":{ {{{Username}}} },"userValidationRules":[{},{"expression":"user.age > 1"},{"expression":"'a' in user.groups"},{"expression":"'a' in user.groups"}]}""",
        "jwt[0].userValidationRules[0].expression: Required value",
        "jwt[0].userValidationRules[1].expression: Invalid value: \"user.age > 1\": compilation failed: ERROR: <input>:1:5: undefined field 'age'\n | user.age > 1\n | ....^",
        "jwt[0].userValidationRules[3].expression: Duplicate value: \"'a' in user.groups\"")]
    public void Read_WrongIssuer_IsTold(string jwt, params string[] expected) =>
        Assert.Equal(expected, FaultsOf($$"""{"jwt":[{{jwt}}]}"""));

    [Theory]
    [InlineData("claims.email", "", false)]
    [InlineData("has(claims.email) ? claims.email : 'x'", "", false)]
    [InlineData("claims.?email.orValue('x')", "", false)]
    [InlineData("['a'].map(x, claims.email + x)[0]", "", false)]
    [InlineData("claims.email_verified ? claims.email : ''", "", true)]
    [InlineData("claims.email", ""","claimValidationRules":[{"expression":"claims.?email_verified.orValue(true) == true"}]""", true)]
    [InlineData("claims['email']", "", true)]
    [InlineData("claims.work.email", "", true)]
    public void Read_NameByAddress_NeedsAWordOnWhetherItIsVerified(string expression, string rules, bool good)
    {
        var faults = FaultsOf($$$"""{"jwt":[{ {{{Issuer}}} ,"claimMappings":{"username":{"expression":"{{{expression}}}"} }{{{rules}}}}]}""");
        if (good) Assert.Empty(faults);
        else Assert.StartsWith("jwt[0].claimMappings.username.expression: Invalid value: \"" + expression + "\": claims.email_verified must be used in claimMappings.username.expression or", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_IssuersAreUnique_AndStrangersNeedAYes()
    {
        var jwt = $$"""{ {{Issuer}} ,"claimMappings":{ {{Username}} } }""";
        Assert.Equal(["jwt[1].issuer.url: Duplicate value: \"https://a.example.com\""], FaultsOf($$"""{"jwt":[{{jwt}},{{jwt}}]}"""));
        Assert.Equal(["jwt: Too many: 65: must have at most 64 items"], FaultsOf($$"""{"jwt":[{{string.Join(',', Enumerable.Repeat(jwt, 65))}}]}"""));
        Assert.StartsWith("anonymous.conditions: Invalid value: ", Assert.Single(FaultsOf("""{"anonymous":{"enabled":false,"conditions":[{"path":"/livez"}]}}""")), StringComparison.Ordinal);
        Assert.Empty(FaultsOf("{}"));
        var anonymous = Read("""{"anonymous":{"enabled":true,"conditions":[{"path":"/livez"}]}}""", out _).Anonymous!;
        Assert.True(anonymous.LetsIn("/livez"));
        Assert.False(anonymous.LetsIn("/livez/ping"));
        Assert.False(AnonymousAccess.None.LetsIn("/livez"));
    }

    [Theory]
    // By claims.
    [InlineData(""" {"username":{"claim":"sub","prefix":"p:"},"groups":{"claim":"g","prefix":"q:"},"uid":{"claim":"id"}} """, """{"sub":"jane","g":["a","b"],"id":"7"}""", "p:jane|7|q:a,q:b,system:authenticated|")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""},"groups":{"claim":"g","prefix":""}} """, """{"sub":"jane","g":"a"}""", "jane||a,system:authenticated|")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""},"groups":{"claim":"g","prefix":""}} """, """{"sub":"jane"}""", "jane||system:authenticated|")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""},"groups":{"claim":"g","prefix":""}} """, """{"sub":"jane","g":[1]}""", "oidc: parse groups claim \"g\": json: cannot unmarshal array into Go value of type string")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""}} """, """{"sub":1}""", "oidc: parse username claims \"sub\": json: cannot unmarshal number into Go value of type string")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""}} """, "{}", "oidc: parse username claims \"sub\": claim not present")]
    [InlineData(""" {"username":{"claim":"sub","prefix":""},"uid":{"claim":"id"}} """, """{"sub":"jane"}""", "oidc: parse uid claim \"id\": claim not present")]
    [InlineData(""" {"username":{"claim":"email","prefix":""}} """, """{"email":"j@x","email_verified":true}""", "j@x||system:authenticated|")]
    [InlineData(""" {"username":{"claim":"email","prefix":""}} """, """{"email":"j@x","email_verified":false}""", "oidc: email not verified")]
    [InlineData(""" {"username":{"claim":"email","prefix":""}} """, """{"email":"j@x","email_verified":"true"}""", "oidc: parse 'email_verified' claim: json: cannot unmarshal string into Go value of type bool")]
    // By expressions.
    [InlineData(""" {"username":{"expression":"claims.a + ':' + string(claims.n)"},"groups":{"expression":"claims.g"},"uid":{"expression":"claims.id"},"extra":[{"key":"x.io/one","valueExpression":"claims.a"},{"key":"x.io/none","valueExpression":"''"},{"key":"x.io/two","valueExpression":"['1','','2']"}]} """,
        """{"a":"jane","n":5,"g":["a","","b"],"id":"7"}""", "jane:5|7|a,b,system:authenticated|x.io/one=jane;x.io/two=1,2")]
    [InlineData(""" {"username":{"expression":"claims.n"}} """, """{"n":5}""", "oidc: error evaluating username claim expression: username claim expression must return a string")]
    [InlineData(""" {"username":{"expression":"claims.n"}} """, """{"n":""}""", "oidc: error evaluating username claim expression: username claim expression must return a string that is not empty")]
    [InlineData(""" {"username":{"expression":"claims.none"}} """, "{}", "oidc: error evaluating username claim expression: expression 'claims.none' resulted in error: no such key: none")]
    [InlineData(""" {"username":{"expression":"'x'"},"groups":{"expression":"[1]"}} """, "{}", "oidc: error evaluating group claim expression: expression must return a string or a list of strings")]
    [InlineData(""" {"username":{"expression":"'x'"},"groups":{"expression":"claims.?g"}} """, "{}", "oidc: error evaluating group claim expression: expression must return a string or a list of strings")]
    [InlineData(""" {"username":{"expression":"'x'"},"extra":[{"key":"x.io/a","valueExpression":"1"}]} """, "{}", "oidc: error evaluating extra claim expression: 1: expression must return a string or a list of strings")]
    public void UserOf_ComesFromTheClaims(string mappings, string claims, string expected) =>
        Assert.Equal(expected, Show(Read($$"""{"jwt":[{ {{Issuer}} ,"claimMappings":{{mappings}} }]}""", out _).Jwt[0].UserOf(Parse(claims))));

    [Theory]
    [InlineData("""{"sub":"jane","hd":"example.com","age":20}""", "jane||system:authenticated|")]
    [InlineData("""{"sub":"jane","age":20}""", "oidc: required claim hd not present in ID token")]
    [InlineData("""{"sub":"jane","hd":1,"age":20}""", "oidc: parse claim hd: json: cannot unmarshal number into Go value of type string")]
    [InlineData("""{"sub":"jane","hd":"b","age":20}""", "oidc: required claim hd value does not match. Got = b, want = example.com")]
    [InlineData("""{"sub":"jane","hd":"example.com","age":10}""", "oidc: error evaluating claim validation expression: validation expression 'claims.age > 17' failed: too young")]
    [InlineData("""{"sub":"jane","hd":"example.com"}""", "oidc: error evaluating claim validation expression: expression 'claims.age > 17' resulted in error: no such key: age")]
    [InlineData("""{"sub":"system:jane","hd":"example.com","age":20}""", "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved")]
    public void UserOf_KeepsTheRules(string claims, string expected) => Assert.Equal(expected, Show(Read($$$"""
        {"jwt":[{ {{{Issuer}}} ,"claimMappings":{ {{{Username}}} },"claimValidationRules":[{"claim":"hd","requiredValue":"example.com"},{"expression":"claims.age > 17","message":"too young"}],
          "userValidationRules":[{"expression":"!user.username.startsWith('system:')","message":"reserved"},{"expression":"size(user.groups) == 0 && user.uid == '' && size(user.extra) == 0"}]}]}
        """, out _).Jwt[0].UserOf(Parse(claims))));

    [Fact]
    public void TryParse_TextThatIsNone_IsNoToken()
    {
        static string Part(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        Assert.False(JsonWebToken.TryParse($"{Part("""{"alg":"RS256"}""")}.{Part("""{"iss":"\ud800"}""")}.AA", out _));
        Assert.True(JsonWebToken.TryParse($"{Part("""{"alg":"RS256"}""")}.{Part("""{"iss":"a","x":"\ud800"}""")}.AA", out var parsed));
        Assert.Null(parsed.ReadClaims());
    }

    private static string Show(TokenResult result) => result.User is not { } user ? result.Error
        : $"{user.Name}|{user.Uid}|{string.Join(',', user.Groups)}|{string.Join(';', user.Extra.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => $"{e.Key}={string.Join(',', e.Value)}"))}";

    private static string[] FaultsOf(string json)
    {
        Read(json, out var faults);
        return [.. faults.Causes.Select(static c => $"{c.Field}: {c.Message}")];
    }

    private static AuthenticationConfiguration Read(string json, out FaultList faults) => AuthenticationConfiguration.Read(Parse(json), ["https://own"], faults = new FaultList());

    private static JsonObject Parse(string json)
    {
        var parsed = ObjectJson.Parse(Encoding.UTF8.GetBytes(json));
        Assert.Null(parsed.Fault);
        return (JsonObject)parsed.Tree!;
    }
}
