using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Milvus.Model;

namespace Milvus.Actors.Tests.Processes;

/// <summary>
/// A client of the REST API that does what SDKs and a load balancer do: takes the next proxy when one cannot be reached, and repeats what the server calls retriable.
/// </summary>
public sealed class ClusterClient(HttpClient http, params NodeUnderTest[] proxies)
{
    private int _turn;

    /// <summary>Requests that had to be sent more than once.</summary>
    public int Retries { get; private set; }

    /// <summary>Answers of servers that were errors, retriable ones: an SDK would hand them to its user.</summary>
    public int ServerErrors { get; private set; }

    /// <summary>The longest time that one request took, retries included.</summary>
    public TimeSpan Longest { get; private set; }

    /// <exception cref="InvalidOperationException">The server refused, or nothing answered within <paramref name="patience"/>.</exception>
    public async Task<JsonNode?> CallAsync(string path, object body, TimeSpan? patience = null)
    {
        var limit = patience ?? TimeSpan.FromSeconds(60);
        var watch = Stopwatch.StartNew();
        var problem = "";
        for (var attempt = 0; ; attempt++)
        {
            var proxy = proxies[(int)((uint)_turn % proxies.Length)];
            try
            {
                using var answer = await http.PostAsJsonAsync(new Uri($"http://{proxy.Address}:{ClusterProcesses.Port}/v2/vectordb/{path}"), body);
                var reply = await answer.Content.ReadFromJsonAsync<JsonNode>() ?? throw new HttpRequestException("no answer");
                var code = reply["code"]!.GetValue<int>();
                if (code == 0)
                {
                    Longest = watch.Elapsed > Longest ? watch.Elapsed : Longest;
                    return reply["data"];
                }
                problem = $"{code} {reply["message"]}";
                ServerErrors++;
                if (!IsRetriable(code)) throw new InvalidOperationException($"{path} at {proxy.Address}: {problem}");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or IOException)
            {
                problem = e.Message;
                Interlocked.Increment(ref _turn);
            }
            if (watch.Elapsed > limit) throw new InvalidOperationException($"{path}: no success within {limit}: {problem}");
            Retries++;
            await Task.Delay(Math.Min(1000, 20 << Math.Min(attempt, 5)));
        }
    }

    /// <summary>The whole answer of a request whose answer has no envelope.</summary>
    public async Task<JsonNode> RawAsync(string path, object body)
    {
        var proxy = proxies[(int)((uint)_turn % proxies.Length)];
        using var answer = await http.PostAsJsonAsync(new Uri($"http://{proxy.Address}:{ClusterProcesses.Port}/v2/vectordb/{path}"), body);
        return await answer.Content.ReadFromJsonAsync<JsonNode>() ?? throw new HttpRequestException("no answer");
    }

    /// <summary>One attempt at a request; the next proxy is tried only when this one does not accept the connection, so nothing is ever sent twice.</summary>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    /// <exception cref="HttpRequestException">No answer: whether it was carried out is unknown.</exception>
    public async Task<JsonNode?> CallOnceAsync(string path, object body)
    {
        for (var attempt = 0; ; attempt++)
        {
            var proxy = proxies[(int)((uint)_turn % proxies.Length)];
            try
            {
                using var answer = await http.PostAsJsonAsync(new Uri($"http://{proxy.Address}:{ClusterProcesses.Port}/v2/vectordb/{path}"), body);
                var reply = await answer.Content.ReadFromJsonAsync<JsonNode>() ?? throw new HttpRequestException("no answer");
                var code = reply["code"]!.GetValue<int>();
                return code == 0 ? reply["data"] : throw new InvalidOperationException($"{code} {reply["message"]}");
            }
            catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError && attempt < 100)
            {
                Interlocked.Increment(ref _turn);
                if (attempt >= proxies.Length) await Task.Delay(50);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException or IOException)
            {
                Interlocked.Increment(ref _turn);
                throw new HttpRequestException(e.Message, e);
            }
        }
    }

    /// <summary>As <see cref="CallOnceAsync"/>, once more on another connection when the first one broke.</summary>
    public async Task<JsonNode?> ReadAsync(string path, object body)
    {
        try
        {
            return await CallOnceAsync(path, body);
        }
        catch (HttpRequestException)
        {
            return await CallOnceAsync(path, body);
        }
    }

    private static bool IsRetriable(int code) => ((ErrorCode)code).IsRetriable() || code is (int)ErrorCode.Timeout or (int)ErrorCode.RateLimit;
}
