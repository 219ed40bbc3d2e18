// What a learner does with a lesson, as it is reported to the server, and what of the lesson is done.

import { el } from "./dom.js";
import { get, post, Problem } from "./api.js";
import { bar, percent, status as statusWord } from "./words.js";

/** One learner's work on one lesson: what of it is done, and how that is told to the server. */
export class Work {
  constructor(userId, lesson, standing) {
    this.userId = userId;
    this.lessonId = lesson.lesson_id;
    this.topic = lesson.curriculum_elements.topic_id;
    this.parts = [...lesson.exercises.map((one) => one.exercise_id), ...(lesson.quiz.length ? ["quiz"] : [])];
    this.metrics = standing.progress_data?.achievement_metrics ?? {};
    this.done = new Set(Array.isArray(this.metrics.parts_done) ? this.metrics.parts_done : []);
    this.line = el("p", { class: "progress" });
    this.show(standing);
  }

  show({ progress_percentage: reached, status }) {
    this.line.replaceChildren(bar(reached), ` ${percent(reached)}, ${statusWord(status)}`);
  }

  /** Sends evidence; `finished` is the part of the lesson that is done by it, if one is. */
  async report(evidence, finished = null) {
    const done = new Set(finished ? [...this.done, finished] : this.done);
    const reached = this.parts.filter((name) => done.has(name)).length;
    // nine tenths are the parts; the last is the learner's own word that the lesson is done
    const percentage = this.parts.length ? Math.round((90 * reached) / this.parts.length) : 0;
    const metrics = { ...this.metrics, parts_done: [...done] }; // so that a reload knows them
    const answer = await this.send({
      evidence,
      progress_data: { completion_percentage: percentage, achievement_metrics: metrics },
    });
    this.done = done;
    return answer;
  }

  async send(observed) {
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const who = { user_id: this.userId, lesson_id: this.lessonId };
    const answer = await post("/update-progress", {
      ...who,
      ...observed,
      ...(timezone && timezone !== "Etc/Unknown" ? { timezone } : {}),
    });
    this.show(answer);
    return answer;
  }

  /** Why the topic's figures are what they are; null where that cannot be read now: the report stands without it. */
  async explanation() {
    const query = { user_id: this.userId, lesson_id: this.lessonId, explain: true };
    try {
      return (await get("/status", query)).explain?.topics[this.topic] ?? null;
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }
}
